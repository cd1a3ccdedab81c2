package dev.spillway.worker.app;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.spillway.events.HostId;
import dev.spillway.worker.app.RunningWorker.Answer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static dev.spillway.worker.app.RunningWorker.entry;
import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;

/** A host takes a missing tree from a host that has it. */
@Timeout(120)
class TreeFetchTest {
    private static final HostId FIRST = new HostId("host-1");
    private static final HostId SECOND = new HostId("host-2");
    private static final FileTime THEN = FileTime.from(Instant.parse("2020-02-02T02:02:02.123456789Z"));

    @TempDir
    private Path folder;
    private final TestRegistry registry = new TestRegistry().namespace("images", 3, null);
    private TestCoordinator coordinator;
    private RunningWorker first;
    private RunningWorker second;
    private Path source;
    private byte[] archive;

    @BeforeEach
    void start() throws Exception {
        coordinator = new TestCoordinator(registry, 0);
        first = worker("host-1");
        second = worker("host-2");
        source = folder.resolve("source");
        Files.createDirectories(source.resolve("inner"));
        Path file = Files.write(source.resolve("inner/file"), new byte[300_000]);
        Files.createLink(source.resolve("same"), file);
        Files.createSymbolicLink(source.resolve("link"), Path.of("inner/file"));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r-x--x--x"));
        Files.setLastModifiedTime(file, THEN);
        assertThat(first.store("k", source).status()).isEqualTo(200);
        archive = first.client.send(HttpRequest.newBuilder(first.uri(entry("k") + "/archive")).build(), BodyHandlers.ofByteArray()).body();
    }

    private RunningWorker worker(String host) throws Exception {
        return new RunningWorker(folder.resolve(host), coordinator.address().toString(), Map.of("host-id", host)).joined();
    }

    @AfterEach
    void stop() {
        second.close();
        first.close();
        coordinator.close();
    }

    private void requireNothingTaken() throws IOException {
        assertThat(second.area("staging")).isEmpty();
        assertThat(second.area("images")).isEmpty();
        assertThat(registry.rowsOf(SECOND)).isZero();
    }

    @Test
    void aCopyIsTakenFromAnotherHostAndIsOneOfTheFleet() throws Exception {
        Answer got = second.get(entry("k") + "?hold=PT1M");
        assertThat(got.status()).as(got.body().toString()).isEqualTo(200);
        assertThat(got.body().path("source").asText()).isEqualTo("peer");
        assertThat(got.body().path("generation")).isEqualTo(first.get(entry("k")).body().path("generation"));
        assertThat(got.body().path("snapshotId")).isEqualTo(first.get(entry("k")).body().path("snapshotId"));
        Path copy = Path.of(got.body().path("path").asText());
        assertThat(copy.resolve("inner/file")).hasBinaryContent(new byte[300_000]);
        assertThat(Files.isSameFile(copy.resolve("inner/file"), copy.resolve("same"))).isTrue();
        assertThat(Files.readSymbolicLink(copy.resolve("link"))).isEqualTo(Path.of("inner/file"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(copy.resolve("same")))).isEqualTo("r-x--x--x");
        assertThat(Files.getLastModifiedTime(copy.resolve("same"), LinkOption.NOFOLLOW_LINKS)).isEqualTo(THEN);
        assertThat(registry.rowsOf(SECOND)).isEqualTo(1);

        first.close();
        Answer again = second.get(entry("k"));
        assertThat(again.body().path("source").asText()).isEqualTo("local");
        registry.invalidate(TestRegistry.name("images", "k"));
        eventually(() -> second.get(entry("k") + "?fetch=false").status() == 404);
        assertThat(copy.resolve("inner/file")).as("it is held").exists();
    }

    @Test
    void nothingIsTakenForAHeadOrIfTheCallerDoesNotWantIt() throws Exception {
        assertThat(second.get(entry("k") + "?fetch=false").status()).isEqualTo(404);
        assertThat(second.get(entry("k") + "/archive").status()).isEqualTo(404);
        HttpRequest head = HttpRequest.newBuilder(second.uri(entry("k"))).HEAD().build();
        assertThat(second.client.send(head, BodyHandlers.discarding()).statusCode()).isEqualTo(404);
        assertThat(second.get(entry("unknown")).type()).endsWith(":unknown-entry");
        requireNothingTaken();
    }

    @Test
    void manyCallersTakeOneCopy() throws Exception {
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Integer>> calls = IntStream.range(0, 100)
                    .<Callable<Integer>>mapToObj(caller -> () -> second.get(entry("k") + "?hold=PT1M").status())
                    .toList();
            for (Future<Integer> call : callers.invokeAll(calls)) {
                assertThat(call.get()).isEqualTo(200);
            }
        }
        assertThat(second.area("images")).hasSize(1);
        assertThat(coordinator.carriedOut("attach")).isEqualTo(1);
    }

    @Test
    void hostsThatWantATreeAtOnceGiveItToEachOther() throws Exception {
        List<RunningWorker> takers = new ArrayList<>();
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int host = 3; host <= 8; host++) {
                takers.add(worker("host-" + host));
            }
            List<Callable<Answer>> calls = takers.stream().<Callable<Answer>>map(taker -> () -> taker.get(entry("k"))).toList();
            for (Future<Answer> call : callers.invokeAll(calls)) {
                assertThat(call.get().status()).as(call.get().detail()).isEqualTo(200);
            }
            String metrics = first.client.send(HttpRequest.newBuilder(first.uri("/metrics")).build(), BodyHandlers.ofString()).body();
            assertThat(metrics).contains("spillway_directories_sent_total 2.0");
        } finally {
            takers.forEach(RunningWorker::close);
        }
    }

    @Test
    void anOlderCopyIsReplacedWhenTheNewestIsAskedFor() throws Exception {
        long before = second.get(entry("k")).body().path("generation").asLong();
        Files.write(source.resolve("new"), new byte[1]);
        // Without heartbeats the second host does not learn that its copy is old.
        coordinator.stopHeartbeats();
        assertThat(first.store("k", source).status()).isEqualTo(200);
        assertThat(second.get(entry("k")).body().path("generation").asLong()).isEqualTo(before);
        assertThat(second.get(entry("k") + "?fresh=true&fetch=false").type()).endsWith(":older-generation");
        Answer fresh = second.get(entry("k") + "?fresh=true");
        assertThat(fresh.body().path("source").asText()).isEqualTo("peer");
        assertThat(fresh.body().path("generation").asLong()).isGreaterThan(before);
        assertThat(Path.of(fresh.body().path("path").asText()).resolve("new")).exists();
    }

    @Test
    void aHolderThatIsGoneIsNoMiss() throws Exception {
        first.close();
        Answer got = second.get(entry("k"));
        assertThat(got.status()).isEqualTo(503);
        assertThat(got.type()).endsWith(":not-fetched");
        assertThat(got.detail()).contains("host-1", "refused");
        assertThat(second.get(entry("k")).type()).as("it is asked again, or known to be silent").endsWith(":not-fetched");
        assertThat(second.get(entry("k") + "?fresh=true").type()).endsWith(":not-fetched");
        requireNothingTaken();
    }

    @Test
    void withoutTheRegistryAMissIsUnknown() throws Exception {
        coordinator.close();
        Answer got = second.get(entry("k"));
        assertThat(got.type()).endsWith(":registry-not-reachable");
        assertThat(second.get(entry("k") + "?fetch=false").status()).isEqualTo(404);
    }

    /** Ways in which a holder can fail. */
    enum Fault {
        SAYS_NOTHING {
            @Override
            void answer(HttpExchange exchange, byte[] archive, CountDownLatch over) throws Exception {
                over.await();
            }
        },
        STALLS_IN_THE_MIDDLE {
            @Override
            void answer(HttpExchange exchange, byte[] archive, CountDownLatch over) throws Exception {
                exchange.sendResponseHeaders(200, archive.length);
                exchange.getResponseBody().write(archive, 0, archive.length / 2);
                exchange.getResponseBody().flush();
                over.await();
            }
        },
        BREAKS_OFF {
            @Override
            void answer(HttpExchange exchange, byte[] archive, CountDownLatch over) throws Exception {
                exchange.sendResponseHeaders(200, archive.length);
                exchange.getResponseBody().write(archive, 0, archive.length / 2);
            }
        },
        SENDS_TOO_LITTLE {
            @Override
            void answer(HttpExchange exchange, byte[] archive, CountDownLatch over) throws Exception {
                exchange.sendResponseHeaders(200, archive.length / 2);
                exchange.getResponseBody().write(archive, 0, archive.length / 2);
            }
        },
        SENDS_GARBAGE {
            @Override
            void answer(HttpExchange exchange, byte[] archive, CountDownLatch over) throws Exception {
                byte[] garbage = "no archive".repeat(10_000).getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(200, garbage.length);
                exchange.getResponseBody().write(garbage);
            }
        },
        REFUSES_AND_STALLS {
            @Override
            void answer(HttpExchange exchange, byte[] archive, CountDownLatch over) throws Exception {
                exchange.sendResponseHeaders(500, 1_000);
                exchange.getResponseBody().flush();
                over.await();
            }
        },
        IS_ANOTHER_STORE {
            @Override
            void answer(HttpExchange exchange, byte[] archive, CountDownLatch over) throws Exception {
                exchange.sendResponseHeaders(404, -1);
            }
        };

        abstract void answer(HttpExchange exchange, byte[] archive, CountDownLatch over) throws Exception;
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void aHolderThatFailsIsLeftAndNothingOfItStays(Fault fault) throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        HttpServer holder = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        holder.createContext("/", exchange -> {
            try (exchange) {
                fault.answer(exchange, archive, over);
            } catch (Exception e) {
                throw new IOException(e);
            }
        });
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        try {
            holder.setExecutor(threads);
            holder.start();
            registry.address(FIRST, "127.0.0.1:" + holder.getAddress().getPort());
            Answer got = second.get(entry("k"));
            assertThat(got.type()).as(got.detail()).endsWith(":not-fetched");
            assertThat(got.detail()).contains("host-1: ");
            requireNothingTaken();
            try (RunningWorker third = worker("host-3")) {
                // It has the tree by other means, and is asked after or before the one that fails.
                long generation = first.get(entry("k")).body().path("generation").asLong();
                String body = "{\"sourceDir\":\"%s\",\"generation\":%d}".formatted(source, generation);
                assertThat(third.put(entry("k"), body).status()).isEqualTo(200);
                assertThat(second.get(entry("k")).body().path("source").asText()).isEqualTo("peer");
            }
        } finally {
            over.countDown();
            holder.stop(0);
            threads.close();
        }
    }

    @Test
    void aHostThatIsAskedForACopyThatItLacksComparesItselfWithTheRegistry() throws Exception {
        String store = first.get("/v1/status").body().path("storeId").asText();
        int before = coordinator.carriedOut("reconcile");
        assertThat(first.get("/v1/copies/images/k/tree?generation=1&storeId=00000000-0000-0000-0000-000000000000").status()).isEqualTo(404);
        assertThat(first.get("/v1/copies/images/k/tree?generation=99&storeId=" + store).status()).isEqualTo(404);
        eventually(() -> coordinator.carriedOut("reconcile") > before);
    }

    @Test
    void aHostThatDrainsTakesNothingAndSaysSo() throws Exception {
        registry.drain(true);
        eventually(() -> second.get("/v1/status").body().path("draining").asBoolean());
        assertThat(second.get(entry("k")).type()).endsWith(":host-draining");
        requireNothingTaken();
    }
}
