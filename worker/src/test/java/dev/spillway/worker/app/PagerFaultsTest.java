package dev.spillway.worker.app;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.worker.app.RunningWorker.Answer;
import dev.spillway.worker.filesystem.Machine;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Engines that die or lie, files that are cut off, disks that are full and hosts that send another snapshot than they were asked for. */
@Timeout(300)
class PagerFaultsTest {
    private static final long DATA = 56;
    private static final long CAPTURING = 320;
    private static final long ENGINE = 576;
    private static final long RECORDS = 64 << 10;
    private static final int RECORD_BYTES = 64;

    @TempDir
    private Path folder;
    private TestCoordinator coordinator;

    @BeforeEach
    void start() throws Exception {
        Files.createDirectory(folder.resolve("shm"));
        coordinator = new TestCoordinator(new TestRegistry().namespace("kv", 10, null), 0);
    }

    @AfterEach
    void stop() {
        coordinator.close();
    }

    private RunningWorker worker(String host) throws Exception {
        return worker(host, folder.resolve(host), folder.resolve("shm"));
    }

    private RunningWorker worker(String host, Path store, Path files) throws Exception {
        return new RunningWorker(
                store,
                coordinator.address().toString(),
                Map.of("host-id", host, "pager-files", files.toString(), "pager-memory", "16MiB", "min-free-bytes", "0")).joined();
    }

    /** Makes a pager in a file, with one sequence of random pages. */
    private static Path mapped(RunningWorker worker, int pages) throws IOException, InterruptedException {
        Answer made = Pages.post(worker, "/v1/pagers", Pages.creation("engine", pages).put("file", true));
        assertThat(made.status()).isEqualTo(201);
        Pages.fill(worker, "engine", pages, 1);
        return Path.of(made.body().path("path").asText());
    }

    private static void set(FileChannel engine, long offset, long value) throws IOException {
        engine.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, value), offset);
    }

    private static long get(FileChannel engine, long offset) throws IOException {
        ByteBuffer word = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        engine.read(word, offset);
        return word.getLong(0);
    }

    private static Answer post(RunningWorker worker, String path) throws IOException, InterruptedException {
        return Pages.post(worker, path, (JsonNode) null);
    }

    private static String metrics(RunningWorker worker) throws IOException, InterruptedException {
        return worker.client.send(HttpRequest.newBuilder(worker.uri("/metrics")).build(), BodyHandlers.ofString()).body();
    }

    @Test
    void whatADeadEngineLeftIsCapturedAfterItIsDetached() throws Exception {
        try (RunningWorker worker = worker("host-1");
                FileChannel engine = FileChannel.open(mapped(worker, 5), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            set(engine, ENGINE, 1);
            Answer refused = Pages.capture(worker, "engine", "a");
            assertThat(refused.type()).endsWith("pager-paused");
            assertThat(refused.detail()).contains("did not pause within", "detach one that has ended");

            assertThat(post(worker, "/v1/pagers/engine/detach").status()).isEqualTo(204);

            assertThat(Pages.capture(worker, "engine", "a").status()).isEqualTo(200);
            assertThat(post(worker, "/v1/pagers/snapshots/kv/a/verify").body().path("pages").asInt()).isEqualTo(5);
            assertThat(post(worker, "/v1/pagers/none/detach").type()).endsWith("unknown-pager");
        }
    }

    @Test
    void workThatEndsLeavesWhatIsStillUnderWay() throws Exception {
        try (RunningWorker worker = worker("host-1");
                FileChannel engine = FileChannel.open(mapped(worker, 5), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            set(engine, ENGINE, 1);
            // The engine takes no pause, so this one waits for 5 s.
            CompletableFuture<Answer> capture = CompletableFuture.supplyAsync(() -> {
                try {
                    return Pages.capture(worker, "engine", "a");
                } catch (IOException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            eventually(() -> worker.get("/v1/pagers/engine").body().path("work").path("kind").asText().equals("capture"));

            assertThat(Pages.restore(worker, "engine", "none").status()).isEqualTo(404);
            JsonNode none = post(worker, "/v1/pagers/engine/restore", worker, "tree");

            assertThat(none.path("status").asInt()).isEqualTo(409);
            String kind = worker.get("/v1/pagers/engine").body().path("work").path("kind").asText();
            assertThat(capture).as("kind %s", kind).isNotDone();
            assertThat(kind).isEqualTo("capture");
            assertThat(capture.get().type()).endsWith("pager-paused");
            assertThat(worker.get("/v1/pagers/engine").body().has("work")).isFalse();
        }
    }

    private JsonNode post(RunningWorker worker, String path, RunningWorker source, String key) throws IOException, InterruptedException {
        Path tree = Files.createDirectories(folder.resolve(key));
        Files.writeString(tree.resolve("file"), "text");
        assertThat(
                source.put(
                        "/v1/directories/kv/entries/" + key,
                        RunningWorker.JSON.writeValueAsString(Map.of("sourceDir", tree.toString()))).status())
                .isEqualTo(200);
        return Pages.post(worker, path, Map.of("namespace", "kv", "key", key)).body();
    }

    @Test
    void aFileThatIsCutOffIsAProblemAndTheWorkerGoesOn() throws Exception {
        try (RunningWorker worker = worker("host-1")) {
            Path file = mapped(worker, 5);
            try (FileChannel other = FileChannel.open(file, StandardOpenOption.WRITE)) {
                other.truncate(4096);
            }

            for (Answer refused : List.of(
                    Pages.write(worker, "engine", "0", Pages.content(1, 5)),
                    Pages.capture(worker, "engine", "a"),
                    worker.get("/v1/pagers/engine/pages?pages=0"))) {
                assertThat(refused.status()).isEqualTo(422);
                assertThat(refused.type()).endsWith("memory-damaged");
                assertThat(refused.detail()).contains(file + ": was cut off");
            }

            assertThat(worker.delete("/v1/pagers/engine").status()).isEqualTo(204);
            assertThat(file).doesNotExist();
            mapped(worker, 5);
            assertThat(Pages.capture(worker, "engine", "a").status()).isEqualTo(200);
            assertThat(worker.failed).isNotDone();
        }
    }

    /** It says that it saved the old content of a page for the next capture, where it saved nothing. */
    @Test
    void anEngineThatLiesAboutWhatItSavedIsRefusedAndNamed() throws Exception {
        try (RunningWorker worker = worker("host-1");
                FileChannel engine = FileChannel.open(mapped(worker, 5), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            long epoch = 1;
            for (int saved : new int[]{0, 1, 64, 65, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
                epoch++;
                assertThat(Pages.write(worker, "engine", "2", Pages.content(1, 100 + saved)).status()).isEqualTo(204);
                set(engine, RECORDS + 2 * RECORD_BYTES, epoch);
                engine.write(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(0, saved), RECORDS + 2 * RECORD_BYTES + 16);

                Answer refused = Pages.capture(worker, "engine", "lie");

                assertThat(refused.type()).as("saved %d: %s", saved, refused).endsWith("memory-damaged");
                assertThat(refused.detail()).contains("slot 2: was written while captured");
                assertThat(worker.get("/v1/directories/kv/entries/lie").status()).isEqualTo(404);
                assertThat(worker.area("staging")).isEmpty();
            }
            set(engine, CAPTURING, 99);
            assertThat(Pages.write(worker, "engine", "2", Pages.content(1, 7)).status()).isEqualTo(204);
            assertThat(Pages.capture(worker, "engine", "truth").status()).isEqualTo(200);
            assertThat(Pages.read(worker, "engine", "2")).isEqualTo(Pages.content(1, 7));
        }
    }

    @Test
    void aPageThatIsDamagedInMemoryIsRefusedAndNothingIsStored() throws Exception {
        try (RunningWorker worker = worker("host-1");
                FileChannel memory = FileChannel.open(mapped(worker, 5), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            long page = get(memory, DATA) + 512;
            set(memory, page + 96, ~get(memory, page + 96));

            Answer refused = Pages.capture(worker, "engine", "a");

            assertThat(refused.status()).isEqualTo(422);
            assertThat(refused.type()).endsWith("memory-damaged");
            assertThat(refused.detail()).contains("position 1 of sequence chat");
            assertThat(worker.get("/v1/directories/kv/entries/a").status()).isEqualTo(404);
            assertThat(worker.area("images")).isEmpty();
            assertThat(worker.area("staging")).isEmpty();
        }
    }

    @Test
    void aCaptureThatFillsTheDiskOfTheStoreIsRefusedAndLeavesNothing() throws Exception {
        Machine.onTmpfs(folder.resolve("disk"), "96m", () -> {
            Path disk = folder.resolve("disk");
            try (RunningWorker worker = worker("host-1", disk.resolve("store"), folder.resolve("shm"))) {
                Pages.filled(worker, "engine", 2_000, 1);
                assertThat(Pages.capture(worker, "engine", "before").status()).isEqualTo(200);
                assertThat(Pages.write(worker, "engine", "0-1999", Pages.content(2_000, 2)).status()).isEqualTo(204);
                FileStore space = Files.getFileStore(disk);
                Path others = Files.write(disk.resolve("others"), new byte[Math.toIntExact(space.getUsableSpace() - (512 << 10))]);

                Answer refused = Pages.capture(worker, "engine", "full");

                assertThat(refused.status()).as(refused.toString()).isEqualTo(507);
                assertThat(refused.type()).endsWith("disk-full");
                assertThat(worker.area("staging")).isEmpty();
                assertThat(worker.area("images")).hasSize(1);
                assertThat(Pages.read(worker, "engine", "0-1999")).isEqualTo(Pages.content(2_000, 2));
                assertThat(post(worker, "/v1/pagers/snapshots/kv/before/verify").status()).isEqualTo(200);
                Files.delete(others);
                assertThat(Pages.capture(worker, "engine", "full").status()).isEqualTo(200);
                assertThat(worker.failed).isNotDone();
            }
        });
    }

    /** The manifest of a snapshot cannot be opened for a moment, or not be read. */
    @Test
    void aSnapshotThatCannotBeReadForAMomentIsSharedByTheNextCapture() throws Exception {
        Path image;
        try (RunningWorker worker = worker("host-1")) {
            Pages.filled(worker, "engine", 5, 1);
            image = captured(worker, "a");
        }
        try (RunningWorker worker = worker("host-1")) {
            Pages.filled(worker, "engine", 5, 2);
            eventually(() -> worker.get("/v1/directories/kv/entries/a").status() == 200);

            whileUnreadable(image.resolve("manifest.json"), () -> {
                Answer captured = Pages.capture(worker, "engine", "b");
                assertThat(captured.status()).as(captured.toString()).isEqualTo(200);
            });

            assertThat(Pages.write(worker, "engine", "0-4", Pages.content(5, 1)).status()).isEqualTo(204);
            assertThat(Pages.capture(worker, "engine", "c").body().path("pagesWritten").asInt(-1)).isZero();
        }
    }

    /** Nobody can read this at its beginning, and root is not kept from reading by rights. */
    private static void whileUnreadable(Path file, Machine.Action action) throws Exception {
        Machine.assumeRoot();
        String memory = "/proc/" + ProcessHandle.current().pid() + "/mem";
        try {
            Machine.run("mount", "--bind", memory, file.toString());
        } catch (IOException e) {
            assumeTrue(false, "skipped: cannot mount: " + e.getMessage());
        }
        try {
            assertThatExceptionOfType(IOException.class).isThrownBy(() -> Files.readAllBytes(file));
            action.run();
        } finally {
            Machine.run("umount", "--lazy", file.toString());
        }
    }

    @Test
    void aFullFolderOfFilesRefusesAPagerAndKeepsNothingOfIt() throws Exception {
        Machine.onTmpfs(folder.resolve("files"), "5m", () -> {
            Path files = folder.resolve("files");
            try (RunningWorker worker = worker("host-1", folder.resolve("host-1"), files)) {
                mapped(worker, 32);

                Answer refused = Pages.post(worker, "/v1/pagers", Pages.creation("other", 8_000).put("file", true));

                assertThat(refused.status()).isEqualTo(507);
                assertThat(refused.type()).endsWith("pages-exhausted");
                assertThat(refused.detail()).contains(files.toString());
                assertThat(RunningWorker.names(files)).hasSize(1);
                assertThat(Pages.read(worker, "engine", "0-31")).isEqualTo(Pages.content(32, 1));
                assertThat(Pages.post(worker, "/v1/pagers", Pages.creation("other", 8_000)).status()).isEqualTo(201);
            }
        });
    }

    @Test
    void whatARestoreFillsIsNobodyElsesUntilItIsDone() throws Exception {
        try (RunningWorker worker = worker("host-1")) {
            Pages.filled(worker, "engine", 5, 1);
            assertThat(Pages.capture(worker, "engine", "a").status()).isEqualTo(200);
            assertThat(Pages.post(worker, "/v1/pagers", Pages.creation("other", 5)).status()).isEqualTo(201);
            // A restore installs its sequences when the pause ends.
            assertThat(Pages.post(worker, "/v1/pagers/other/quiesce", Map.of("within", "PT1M")).status()).isEqualTo(204);
            CompletableFuture<Answer> restore = CompletableFuture.supplyAsync(() -> {
                try {
                    return Pages.restore(worker, "other", "a");
                } catch (IOException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            eventually(() -> worker.get("/v1/pagers/other").body().path("freePages").asInt() == 0);

            for (Answer refused : List.of(
                    Pages.post(worker, "/v1/pagers/other/free", Map.of("pages", List.of(3))),
                    worker.get("/v1/pagers/other/pages?pages=3"))) {
                assertThat(refused.status()).as(refused.toString()).isEqualTo(409);
                assertThat(refused.type()).endsWith("page-reserved");
                assertThat(refused.detail()).contains("page 3");
            }
            assertThat(post(worker, "/v1/pagers/other/resume").status()).isEqualTo(204);

            assertThat(restore.get().status()).as(restore.get().toString()).isEqualTo(200);
            assertThat(Pages.read(worker, "other", Pages.list(restore.get().body().path("sequences").path(0).path("pages"))))
                    .isEqualTo(Pages.content(5, 1));
        }
    }

    @Test
    void aSoundCopyFromAnotherHostStaysWhereAPagersMemoryIsDamaged() throws Exception {
        try (RunningWorker first = worker("host-1"); RunningWorker worker = worker("host-2")) {
            Pages.filled(first, "engine", 5, 1);
            assertThat(Pages.capture(first, "engine", "a").status()).isEqualTo(200);
            Answer made = Pages.post(worker, "/v1/pagers", Pages.creation("engine", 5).put("file", true));
            try (FileChannel other = FileChannel.open(Path.of(made.body().path("path").asText()), StandardOpenOption.WRITE)) {
                // The records stay, the pages are gone.
                other.truncate(2 << 20);
            }

            Answer refused = Pages.restore(worker, "engine", "a");

            assertThat(refused.status()).as(refused.toString()).isEqualTo(422);
            assertThat(refused.type()).endsWith("memory-damaged");
            assertThat(refused.detail()).contains("page 0 of sequence chat", "was cut off");
            assertThat(post(worker, "/v1/pagers/snapshots/kv/a/verify").status()).isEqualTo(200);
            assertThat(Pages.post(worker, "/v1/pagers", Pages.creation("sound", 5)).status()).isEqualTo(201);
            assertThat(Pages.restore(worker, "sound", "a").body().path("source").asText()).isEqualTo("local");
        }
    }

    @Test
    void aHostThatSendsAnotherSnapshotOrADamagedOneIsNotBelieved() throws Exception {
        try (RunningWorker liar = worker("host-1"); RunningWorker worker = worker("host-2")) {
            Pages.filled(liar, "engine", 5, 1);
            Path asked = captured(liar, "asked");
            assertThat(Pages.write(liar, "engine", "0-4", Pages.content(5, 2)).status()).isEqualTo(204);
            Path other = captured(liar, "other");
            assertThat(Pages.write(liar, "engine", "0-4", Pages.content(5, 3)).status()).isEqualTo(204);
            Path damaged = captured(liar, "damaged");
            replace(asked, other);
            Path pack = files(damaged).stream().filter(file -> file.toString().endsWith(".safetensors")).findFirst().orElseThrow();
            byte[] content = Files.readAllBytes(pack);
            byte[] last = {content[content.length - 1]};
            try (FileChannel bytes = FileChannel.open(pack, StandardOpenOption.WRITE)) {
                bytes.write(ByteBuffer.wrap(new byte[]{(byte) ~last[0]}), bytes.size() - 1);
            }
            assertThat(Pages.post(worker, "/v1/pagers", Pages.creation("engine", 32)).status()).isEqualTo(201);

            for (String key : List.of("asked", "damaged")) {
                for (int attempt = 0; attempt < 2; attempt++) {
                    Answer refused = Pages.restore(worker, "engine", key);
                    assertThat(refused.type()).as("%s: %s", key, refused).endsWith("snapshot-damaged");
                    assertThat(post(liar, "/v1/pagers/snapshots/kv/" + key + "/verify").type()).endsWith("snapshot-damaged");
                    assertThat(post(worker, "/v1/pagers/snapshots/kv/" + key + "/verify").status()).isEqualTo(404);
                }
            }
            assertThat(worker.get("/v1/pagers/engine").body().path("freePages").asInt()).isEqualTo(32);
            assertThat(worker.get("/v1/pagers/engine").body().path("sequences").asInt()).isZero();
            try (FileChannel bytes = FileChannel.open(pack, StandardOpenOption.WRITE)) {
                bytes.write(ByteBuffer.wrap(last), bytes.size() - 1);
            }
            Answer restored = Pages.restore(worker, "engine", "damaged");
            assertThat(restored.status()).as(restored.toString()).isEqualTo(200);
            assertThat(restored.body().path("source").asText()).isEqualTo("peer");
        }
    }

    private static Path captured(RunningWorker worker, String key) throws Exception {
        List<String> before = worker.area("images");
        assertThat(Pages.capture(worker, "engine", key).status()).isEqualTo(200);
        return worker.data.resolve("images")
                .resolve(worker.area("images").stream().filter(name -> !before.contains(name)).findFirst().orElseThrow());
    }

    private static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    private static void replace(Path directory, Path by) throws IOException {
        for (Path file : files(directory)) {
            Files.delete(file);
        }
        for (Path file : files(by)) {
            Files.copy(file, directory.resolve(file.getFileName()));
        }
    }

    @Test
    void theFiguresOfAPagerAreMetricsUntilItIsClosed() throws Exception {
        try (RunningWorker worker = worker("host-1")) {
            Pages.filled(worker, "engine", 5, 1);
            assertThat(Pages.capture(worker, "engine", "a").status()).isEqualTo(200);
            assertThat(Pages.restore(worker, "engine", "a").status()).isEqualTo(409);
            assertThat(Pages.post(worker, "/v1/pagers/engine/capture", Map.of("namespace", "none", "key", "a")).status()).isEqualTo(404);

            assertThat(metrics(worker)).contains(
                    "spillway_pager_pages{pager=\"engine\"} 32.0",
                    "spillway_pager_pages_free{pager=\"engine\"} 27.0",
                    "spillway_pager_pages_pinned{pager=\"engine\"} 5.0",
                    "spillway_pager_captures_total{pager=\"engine\"} 1.0",
                    "spillway_pager_captures_failed_total{pager=\"engine\"} 1.0",
                    "spillway_pager_restores_total{pager=\"engine\"} 0.0",
                    "spillway_pager_restores_failed_total{pager=\"engine\"} 1.0",
                    "spillway_pager_pause_seconds_count{pager=\"engine\"} 1",
                    "spillway_pager_pause_seconds_sum{pager=\"engine\"} ");
            assertThat(worker.delete("/v1/pagers/engine").status()).isEqualTo(204);
            assertThat(metrics(worker)).doesNotContain("spillway_pager_");
        }
    }
}
