package dev.spillway.worker.app;

import dev.spillway.api.Operation;
import dev.spillway.worker.app.RunningWorker.Answer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.entry;
import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Tests the paths of a worker other than directories, and its behaviour on a full disk. */
class ServedWorkerTest {
    @TempDir
    private Path folder;
    private TestCoordinator coordinator;

    @BeforeEach
    void start() throws Exception {
        coordinator = new TestCoordinator(new TestRegistry().namespace("images", 10, null), 0);
    }

    @AfterEach
    void stop() {
        coordinator.close();
    }

    private RunningWorker worker(Path data) throws Exception {
        return worker(data, 0);
    }

    private RunningWorker worker(Path data, long minFreeBytes) throws Exception {
        return new RunningWorker(data, coordinator.address().toString(), Map.of("min-free-bytes", Long.toString(minFreeBytes))).joined();
    }

    @Test
    void everyDescribedPathTakesTheDescribedMethodsAndNoOthers() throws Exception {
        try (RunningWorker worker = worker(folder.resolve("store"))) {
            String text = worker.client.send(HttpRequest.newBuilder(worker.uri("/openapi.yaml")).build(), BodyHandlers.ofString()).body();
            Map<String, Set<String>> described = described(text);
            assertThat(described).hasSizeGreaterThan(10);
            for (Map.Entry<String, Set<String>> path : described.entrySet()) {
                String filled = RunningWorker.filled(path.getKey());
                HttpResponse<Void> refused = worker.client.send(
                        HttpRequest.newBuilder(worker.uri(filled)).method("PATCH", BodyPublishers.noBody()).build(),
                        BodyHandlers.discarding());
                assertThat(refused.statusCode()).as(filled).isEqualTo(405);
                Set<String> allowed = new TreeSet<>(List.of(refused.headers().firstValue("Allow").orElseThrow().split(", ")));
                // OpenAPI has no place for the methods of WebDAV.
                allowed.removeAll(Set.of("HEAD", "MKCOL", "PROPFIND"));
                // A literal segment may stand where another path has a parameter.
                Set<String> expected = new TreeSet<>();
                described.forEach((form, methods) -> {
                    if (Operation.read("GET", form).form().matcher(filled).matches()) {
                        expected.addAll(methods);
                    }
                });
                assertThat(allowed).as(filled).isEqualTo(expected);
            }
        }
    }

    private static Map<String, Set<String>> described(String openApi) {
        Map<String, Set<String>> described = new TreeMap<>();
        String path = "";
        for (String line : openApi.substring(openApi.indexOf("\npaths:"), openApi.indexOf("\ncomponents:")).lines().toList()) {
            if (line.startsWith("  /")) {
                path = line.strip().replaceFirst(":$", "");
            } else if (line.matches("    (get|put|post|delete|options):")) {
                described.computeIfAbsent(path, ignored -> new TreeSet<>()).add(line.strip().replace(":", "").toUpperCase(Locale.ROOT));
            }
        }
        return described;
    }

    @Test
    void theSameIsServedOnASocketThatOnlyItsOwnerCanOpen() throws Exception {
        Path socket = folder.resolve("store/worker.sock");
        try (RunningWorker worker = worker(folder.resolve("store"));
                SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket))).isEqualTo("rw-------");
            channel.connect(UnixDomainSocketAddress.of(socket));
            Channels.newOutputStream(channel)
                    .write("GET /v1/status HTTP/1.1\r\nHost: worker\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            String answer = new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
            assertThat(answer).startsWith("HTTP/1.1 200").contains("\"hostId\":\"host-1\"").contains(worker.worker.address().toString());
        }
        assertThat(socket).as("it goes with its worker").doesNotExist();
    }

    @Test
    void figuresAreCounted() throws Exception {
        try (RunningWorker worker = worker(folder.resolve("store"))) {
            Path source = Files.createDirectories(folder.resolve("source"));
            assertThat(worker.store("k", source).status()).isEqualTo(200);
            worker.get(entry("k") + "?hold=PT1M");
            worker.get(entry("nothing"));
            String metrics = worker.client.send(HttpRequest.newBuilder(worker.uri("/metrics")).build(), BodyHandlers.ofString()).body();
            assertThat(metrics).contains("spillway_replicas{state=\"live\"} 1.0")
                    .contains("spillway_holds 1.0")
                    .contains("spillway_hits_total 1.0")
                    .contains("spillway_misses_total 1.0")
                    .contains("spillway_joined 1.0")
                    .contains("spillway_orders_read_total 0.0");
            FileStore disk = Files.getFileStore(folder);
            assertThat(metric(metrics, "spillway_store_size_bytes")).isEqualTo((double) disk.getTotalSpace());
            assertThat(metric(metrics, "spillway_store_free_bytes")).isBetween(1.0, (double) disk.getTotalSpace());
            assertThat(metric(metrics, "spillway_store_inodes_free")).isBetween(0.0, metric(metrics, "spillway_store_inodes"));
        }
    }

    private static double metric(String metrics, String name) {
        return metrics.lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
                .findFirst()
                .orElseThrow();
    }

    @FunctionalInterface
    private interface OnDisk {
        void run(Path disk) throws Exception;
    }

    private void onDiskOf64MiB(OnDisk action) throws Exception {
        Path disk = Files.createDirectories(folder.resolve("disk"));
        assumeTrue(ran("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk.toString()), "skipped: cannot mount");
        try {
            action.run(disk);
        } finally {
            eventually(() -> ran("umount", disk.toString()));
        }
    }

    private Path large() throws IOException {
        Path large = Files.createDirectories(folder.resolve("large"));
        for (int number = 0; number < 9; number++) {
            Files.write(large.resolve("file" + number), new byte[8 << 20]);
        }
        return large;
    }

    @Test
    void putsTogetherLeaveFreeWhatTheIndexAndDeletionsNeed() throws Exception {
        long kept = 24L << 20;
        onDiskOf64MiB(disk -> {
            Path large = large();
            FileStore space = Files.getFileStore(disk);
            AtomicLong least = new AtomicLong(Long.MAX_VALUE);
            AtomicBoolean done = new AtomicBoolean();
            try (RunningWorker worker = worker(disk.resolve("store"), kept); var threads = Executors.newVirtualThreadPerTaskExecutor()) {
                Thread watching = Thread.ofPlatform().start(() -> {
                    try {
                        while (!done.get()) {
                            least.accumulateAndGet(space.getUsableSpace(), Math::min);
                        }
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                });
                try {
                    List<Future<Answer>> puts = new ArrayList<>();
                    for (int number = 0; number < 6; number++) {
                        String key = "large" + number;
                        puts.add(threads.submit(() -> worker.store(key, large)));
                    }
                    for (Future<Answer> put : puts) {
                        Answer answer = put.get();
                        assertThat(answer.status()).isEqualTo(507);
                        assertThat(answer.type()).endsWith(":disk-full");
                        assertThat(answer.detail()).contains(worker.data.toString(), "min-free-bytes", Long.toString(kept));
                    }
                } finally {
                    done.set(true);
                    watching.join();
                }
                assertThat(least.get()).as("free at the worst moment, but for directories")
                        .isGreaterThan(kept - (1 << 20))
                        .isLessThan(2 * kept);
                assertThat(worker.area("staging")).isEmpty();
                assertThat(worker.failed).isNotDone();
            }
        });
    }

    @Test
    void whenOthersFillTheDiskPutsAreRefusedAndDeletionsGoOn() throws Exception {
        onDiskOf64MiB(disk -> {
            Path small = Files.createDirectories(folder.resolve("small"));
            Files.write(small.resolve("file"), new byte[1 << 20]);
            try (RunningWorker worker = worker(disk.resolve("store"), 16L << 20)) {
                assertThat(worker.store("k", small).status()).isEqualTo(200);
                long free = Files.getFileStore(disk).getUsableSpace();
                Path others = Files.write(disk.resolve("others"), new byte[Math.toIntExact(free - (8L << 20))]);
                Path offered = Files.createDirectories(disk.resolve("offered"));
                assertThat(worker.store("l", small).type()).endsWith(":disk-full");
                assertThat(worker.put(entry("l"), "{\"sourceDir\":\"" + offered + "\",\"mode\":\"move\"}").type()).endsWith(":disk-full");
                assertThat(offered).as("its owner keeps it").exists();
                assertThat(worker.delete(entry("k")).status()).isEqualTo(200);
                eventually(() -> worker.area("images").isEmpty() && worker.area("trash").isEmpty());
                Files.delete(others);
                assertThat(worker.store("l", small).status()).isEqualTo(200);
            }
        });
    }

    @Test
    void aPutThatFillsTheDiskIsRefusedAndLeavesNothing() throws Exception {
        onDiskOf64MiB(disk -> {
            Path large = large();
            Path small = Files.createDirectories(folder.resolve("small"));
            try (RunningWorker worker = worker(disk.resolve("store"))) {
                assertThat(worker.store("small", small).status()).isEqualTo(200);
                Answer answer = worker.store("large", large);
                assertThat(answer.status()).isEqualTo(507);
                assertThat(answer.type()).endsWith(":disk-full");
                assertThat(worker.area("staging")).isEmpty();
                assertThat(worker.get(entry("small")).status()).isEqualTo(200);
                assertThat(worker.store("again", small).status()).isEqualTo(200);
            }
        });
    }

    @Test
    void aPutThatCannotBePublishedLeavesNothingInStagingAndGivesBackWhatWasMoved() throws Exception {
        try (RunningWorker worker = worker(folder.resolve("store"))) {
            Path images = worker.data.resolve("images");
            assumeTrue(ran("chattr", "+i", images.toString()), "skipped: cannot make a directory immutable");
            try {
                Path copied = Files.createDirectories(folder.resolve("copied"));
                Path moved = Files.createDirectories(folder.resolve("moved"));
                ByteArrayOutputStream log = new ByteArrayOutputStream();
                PrintStream before = System.err;
                System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
                try {
                    assertThat(worker.store("logged", copied).status()).isEqualTo(500);
                } finally {
                    System.setErr(before);
                }
                assertThat(log.toString(StandardCharsets.UTF_8).lines().filter(line -> line.contains("not stored"))).singleElement()
                        .asString()
                        .contains("WARN", "images/logged", copied.toString());
                assertThat(log.toString(StandardCharsets.UTF_8)).contains("PosixException", "\tat dev.spillway.worker.filesystem.");
                for (Answer answer : List.of(
                        worker.store("k", copied),
                        worker.put(entry("k"), "{\"sourceDir\":\"" + moved + "\",\"mode\":\"move\"}"))) {
                    assertThat(answer.status()).isEqualTo(500);
                    assertThat(answer.type()).endsWith(":not-stored");
                    assertThat(answer.detail()).contains("operation not permitted");
                }
                assertThat(worker.area("staging")).isEmpty();
                assertThat(worker.area("offered")).isEmpty();
                assertThat(moved).exists();
            } finally {
                assertThat(ran("chattr", "-i", images.toString())).isTrue();
            }
            assertThat(worker.store("k", folder.resolve("copied")).status()).isEqualTo(200);
        }
    }

    private static boolean ran(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        return process.waitFor() == 0;
    }
}
