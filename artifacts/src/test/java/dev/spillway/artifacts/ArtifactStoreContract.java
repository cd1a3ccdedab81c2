package dev.spillway.artifacts;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static dev.spillway.artifacts.Samples.artifact;
import static dev.spillway.artifacts.Samples.fingerprint;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Tests the behaviour of every store. */
public abstract class ArtifactStoreContract {
    /** Largest size of an artifact that the stores of these tests take. */
    protected static final long BYTES_MAX = 10_000;

    ArtifactStore store;

    /** Returns a new, empty store that takes artifacts of {@link #BYTES_MAX}, and ten of them or more. */
    protected abstract ArtifactStore open() throws Exception;

    @BeforeEach
    void start() throws Exception {
        store = open();
    }

    @AfterEach
    void stop() throws IOException {
        store.close();
    }

    @Test
    void whatWasPutIsRead() throws IOException {
        for (int size : new int[]{0, 1, 7, 8, 4_096, 10_000}) {
            Artifact stored = artifact(size, size);
            assertThat(store.put(fingerprint(size), stored)).isTrue();
            assertThat(store.get(fingerprint(size))).contains(stored);
        }
        assertThat(store.get(fingerprint(-1))).isEmpty();
    }

    @Test
    void aSecondPutReplacesTheFirst() throws IOException {
        store.put(fingerprint(1), artifact(1, 100));
        store.put(fingerprint(1), artifact(2, 50));
        assertThat(store.get(fingerprint(1))).contains(artifact(2, 50));
    }

    @Test
    void oneThatIsTooLargeIsRefusedAndTheOlderOneStays() throws IOException {
        store.put(fingerprint(1), artifact(1, 100));
        assertThat(store.put(fingerprint(1), artifact(2, (int) BYTES_MAX + 1))).isFalse();
        assertThat(store.get(fingerprint(1))).contains(artifact(1, 100));
        assertThat(store.metrics().rejectedPuts()).isEqualTo(1);
        assertThat(store.metrics().puts()).isEqualTo(1);
    }

    @Test
    void whatIsRemovedIsGone() throws IOException {
        store.put(fingerprint(1), artifact(1, 100));
        assertThat(store.remove(fingerprint(1))).isTrue();
        assertThat(store.remove(fingerprint(1))).isFalse();
        assertThat(store.get(fingerprint(1))).isEmpty();
    }

    @Test
    void countsAreExact() throws Exception {
        store.put(fingerprint(1), artifact(1, 100));
        store.get(fingerprint(1));
        store.get(fingerprint(1));
        store.get(fingerprint(2));
        ArtifactMetrics metrics = store.metrics();
        assertThat(metrics.lookups()).isEqualTo(3);
        assertThat(metrics.hits()).isEqualTo(2);
        assertThat(metrics.misses()).isEqualTo(1);
        assertThat(metrics.puts()).isEqualTo(1);
        assertThat(metrics.hitRatePartsPerMillion()).isEqualTo(666_666);
        assertThat(metricsOfAnother().hitRatePartsPerMillion()).as("without lookups").isZero();
    }

    private ArtifactMetrics metricsOfAnother() throws Exception {
        try (ArtifactStore other = open()) {
            return other.metrics();
        }
    }

    /** Each writer fills an artifact with one byte, so that a mixture of two is seen. */
    @Test
    void manyReadersAndWritersNeverSeeATornArtifact() throws Exception {
        int threads = 100;
        CountDownLatch start = new CountDownLatch(1);
        List<Future<?>> ends = new ArrayList<>();
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < threads; i++) {
                int thread = i;
                ends.add(pool.submit(() -> {
                    start.await();
                    for (int step = 0; step < 100; step++) {
                        Fingerprint key = fingerprint(step % 10);
                        if (thread % 2 == 0) {
                            byte[] content = new byte[500 + 20 * thread];
                            java.util.Arrays.fill(content, (byte) thread);
                            store.put(key, Artifact.shared(content));
                        } else {
                            store.get(key).ifPresent(ArtifactStoreContract::assertWhole);
                        }
                    }
                    return null;
                }));
            }
            start.countDown();
            for (Future<?> end : ends) {
                end.get();
            }
        }
        assertThat(store.metrics().puts()).isEqualTo(threads / 2 * 100L);
    }

    private static void assertWhole(Artifact artifact) {
        byte[] content = artifact.toByteArray();
        assertThat(content).hasSize(500 + 20 * content[0]).containsOnly(content[0]);
    }

    @Test
    void aThousandCallersCompileOnce() throws Exception {
        AtomicInteger compilations = new AtomicInteger();
        CountDownLatch compiling = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        Callable<Artifact> compiler = () -> {
            compilations.incrementAndGet();
            compiling.countDown();
            go.await();
            return artifact(1, 100);
        };
        List<Future<Artifact>> results = new ArrayList<>();
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 1_000; i++) {
                results.add(pool.submit(() -> store.getOrCompile(fingerprint(1), compiler)));
            }
            compiling.await();
            go.countDown();
            for (Future<Artifact> result : results) {
                assertThat(result.get()).isEqualTo(artifact(1, 100));
            }
        }
        assertThat(compilations).hasValue(1);
        assertThat(store.metrics().lookups()).isEqualTo(1_000);
    }

    @Test
    void aCompilerThatFailsFailsItsCallersAndIsAskedAgain() throws Exception {
        assertThatThrownBy(() -> store.getOrCompile(fingerprint(1), () -> {
            throw new IOException("no shader");
        })).isInstanceOf(IOException.class).hasMessage("no shader");
        assertThat(store.getOrCompile(fingerprint(1), () -> artifact(1, 10))).isEqualTo(artifact(1, 10));
    }

    @Test
    void aCompilerThatAsksForItsOwnFingerprintIsToldSo() {
        assertThatThrownBy(() -> store.getOrCompile(fingerprint(1), () -> store.getOrCompile(fingerprint(1), () -> artifact(1, 10))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("asked for by what makes it");
    }
}
