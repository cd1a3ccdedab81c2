package dev.spillway.dev.fleet;

import dev.spillway.artifacts.Artifact;
import dev.spillway.artifacts.ArtifactStore;
import dev.spillway.artifacts.Fingerprint;
import dev.spillway.client.SpillwayClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/** Artifacts by the library, against a fleet. */
class ClientArtifactsTest {
    private static final Artifact CONTENT = Artifact.copyOf("compiled".getBytes(StandardCharsets.UTF_8));

    @TempDir
    private static Path scratch;
    private static FleetInProcess fleet;

    @BeforeAll
    static void start() throws Exception {
        fleet = new FleetInProcess(scratch.resolve("fleet"), 2);
        Spillway.Ran ran =
                Spillway.run("namespace", "set", "objects", "--max-entries", "1000", "--backend", "artifact", "--url", fleet.url());
        assertThat(ran.exitCode()).as(ran.err()).isZero();
    }

    @AfterAll
    static void stop() {
        fleet.close();
    }

    private static SpillwayClient client(int host) {
        return SpillwayClient.builder().worker(fleet.workerUrl(host)).build();
    }

    private static Fingerprint fingerprint(String text) {
        return Fingerprint.sha256(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void whatIsPutIsReadRemovedAndCounted() throws Exception {
        try (SpillwayClient client = client(1); ArtifactStore store = client.artifacts("objects")) {
            assertThat(store.get(fingerprint("a"))).isEmpty();
            assertThat(store.put(fingerprint("a"), CONTENT)).isTrue();
            store.flush();
            assertThat(store.get(fingerprint("a"))).contains(CONTENT);
            assertThat(store.remove(fingerprint("a"))).isTrue();
            assertThat(store.remove(fingerprint("a"))).isFalse();
            assertThat(store.get(fingerprint("a"))).isEmpty();
            assertThat(store.metrics().hits()).isEqualTo(1);
            assertThat(store.metrics().misses()).isEqualTo(2);
            assertThat(store.metrics().flushes()).isEqualTo(1);
            Spillway.Ran stats = Spillway.run("stats", "objects", "--artifacts", "--worker", fleet.workerUrl(1));
            assertThat(stats.exitCode()).as(stats.err()).isZero();
            assertThat(stats.out()).containsPattern("flushes +1").containsPattern("damaged +0");
            assertThat(Spillway.run("stats", "--artifacts", "--worker", fleet.workerUrl(1)).exitCode()).isEqualTo(2);
        }
    }

    /** The registry counts each read once: at the host that was asked, wherever the artifact came from. A put is no read. */
    @Test
    void theFleetCountsEachReadOnce() throws Exception {
        Spillway.Ran ran =
                Spillway.run("namespace", "set", "counted", "--max-entries", "1000", "--backend", "artifact", "--url", fleet.url());
        assertThat(ran.exitCode()).as(ran.err()).isZero();
        try (SpillwayClient one = client(1);
                SpillwayClient two = client(2);
                ArtifactStore first = one.artifacts("counted");
                ArtifactStore second = two.artifacts("counted")) {
            for (int put = 0; put < 3; put++) {
                assertThat(first.put(fingerprint("a"), CONTENT)).isTrue();
            }
            int[] misses = {0};
            Eventually.holds(Eventually.HANG, () -> {
                // The host counts from when it has heard of the namespace.
                assertThat(second.get(fingerprint("none"))).isEmpty();
                misses[0]++;
                assertThat(counted("misses")).isPositive();
            });
            assertThat(second.get(fingerprint("a"))).contains(CONTENT);
            assertThat(second.get(fingerprint("a"))).contains(CONTENT);
            Eventually.holds(Eventually.HANG, () -> assertThat(counted("hits")).isGreaterThanOrEqualTo(2));
            assertThat(counted("hits")).isEqualTo(2);
            assertThat(counted("misses")).isLessThanOrEqualTo(misses[0]);
        }
    }

    private static long counted(String figure) throws Exception {
        Spillway.Ran stats = Spillway.run("stats", "counted", "--json", "--url", fleet.url());
        assertThat(stats.exitCode()).as(stats.err()).isZero();
        return Long.parseLong(stats.out().replaceAll("(?s).*\"" + figure + "\" *: *(\\d+).*", "$1"));
    }

    /** It is refused at once and not asked for again and again. */
    @Test
    void anArtifactOverTheBoundOfTheClientIsAFailureThatNamesTheSetting() throws Exception {
        Artifact large = Artifact.shared(new byte[3 << 20]);
        try (SpillwayClient client = client(1);
                SpillwayClient bounded = SpillwayClient.builder()
                        .worker(fleet.workerUrl(1))
                        .answerBytesMax(2 << 20)
                        .retryFor(Duration.ofHours(1))
                        .build()) {
            assertThat(client.artifacts("objects").put(fingerprint("large"), large)).isTrue();
            assertThat(client.artifacts("objects").get(fingerprint("large"))).contains(large);
            assertThatExceptionOfType(IOException.class).isThrownBy(() -> bounded.artifacts("objects").get(fingerprint("large")))
                    .withMessageContaining("answerBytesMax");
        }
    }

    @Test
    void oneOfManyClientsCompiles() throws Exception {
        AtomicInteger compiled = new AtomicInteger();
        List<SpillwayClient> clients = List.of(client(1), client(1), client(1));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Artifact>> calls = new ArrayList<>();
            for (SpillwayClient client : clients) {
                ArtifactStore store = client.artifacts("objects");
                for (int caller = 0; caller < 10; caller++) {
                    calls.add(() -> store.getOrCompile(fingerprint("herd"), () -> {
                        compiled.incrementAndGet();
                        return CONTENT;
                    }));
                }
            }
            for (Future<Artifact> call : threads.invokeAll(calls)) {
                assertThat(call.get()).isEqualTo(CONTENT);
            }
        } finally {
            clients.forEach(SpillwayClient::close);
        }
        assertThat(compiled).hasValue(1);
    }

    @Test
    void whoFailsToCompileLetsTheNextOneTry() throws Exception {
        try (SpillwayClient first = client(1); SpillwayClient second = client(1)) {
            assertThatExceptionOfType(IllegalStateException.class)
                    .isThrownBy(() -> first.artifacts("objects").getOrCompile(fingerprint("broken"), () -> {
                        throw new IllegalStateException("does not compile");
                    }));
            assertThat(second.artifacts("objects").getOrCompile(fingerprint("broken"), () -> CONTENT)).isEqualTo(CONTENT);
        }
    }

    @Test
    void anArtifactOfOneHostIsAHitOnAnother() throws Exception {
        try (SpillwayClient first = client(1); SpillwayClient second = client(2)) {
            first.artifacts("objects").put(fingerprint("shared"), CONTENT);
            ArtifactStore store = second.artifacts("objects");
            Eventually.holds(Eventually.HANG, () -> assertThat(store.get(fingerprint("shared"))).contains(CONTENT));
        }
    }

    @Test
    void withoutAWorkerTheProcessCompilesForItself() throws Exception {
        try (SpillwayClient client = SpillwayClient.builder().worker("127.0.0.1:1").retryFor(Duration.ZERO).build()) {
            ArtifactStore store = client.artifacts("objects");
            assertThatExceptionOfType(IOException.class).isThrownBy(() -> store.get(fingerprint("a")));
            assertThat(store.getOrCompile(fingerprint("a"), () -> CONTENT)).isEqualTo(CONTENT);
        }
    }
}
