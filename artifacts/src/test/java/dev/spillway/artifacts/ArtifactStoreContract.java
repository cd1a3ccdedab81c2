package dev.spillway.artifacts;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.artifacts.Samples.artifact;
import static dev.spillway.artifacts.Samples.fingerprint;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Tests the behaviour of every store. */
abstract class ArtifactStoreContract {
    static final ArtifactLimits LIMITS = new ArtifactLimits(20, 40_000, 10_000);

    @TempDir
    Path folder;
    private ArtifactStore store;

    /** A new, empty store with these limits and exact order of use. */
    abstract ArtifactStore open(ArtifactLimits limits) throws IOException;

    /** Returns the bytes that the store counts for an artifact of this size. */
    abstract long counted(long size);

    @BeforeEach
    void start() throws IOException {
        store = open(LIMITS);
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
        assertThat(store.metrics().entries()).isEqualTo(1);
        assertThat(store.metrics().cachedBytes()).isEqualTo(counted(50));
    }

    @Test
    void oneThatIsTooLargeIsRefusedAndTheOlderOneStays() throws IOException {
        store.put(fingerprint(1), artifact(1, 100));
        assertThat(store.put(fingerprint(1), artifact(2, 10_001))).isFalse();
        assertThat(store.metrics().rejectedPuts()).isEqualTo(1);
        assertThat(store.metrics().puts()).isEqualTo(1);
    }

    @Test
    void whatIsRemovedIsGone() throws IOException {
        store.put(fingerprint(1), artifact(1, 100));
        assertThat(store.remove(fingerprint(1))).isTrue();
        assertThat(store.remove(fingerprint(1))).isFalse();
        assertThat(store.get(fingerprint(1))).isEmpty();
        assertThat(store.metrics().cachedBytes()).isZero();
    }

    /** Compares the store with a list in the order of use, over random operations. */
    @Test
    void theLeastRecentlyUsedGoesByNumberAndByBytes() throws IOException {
        Random random = new Random(17);
        LinkedHashMap<Fingerprint, Artifact> model = new LinkedHashMap<>(16, 0.75f, true);
        long evicted = 0;
        for (int step = 0; step < 5_000; step++) {
            Fingerprint key = fingerprint(random.nextInt(40));
            switch (random.nextInt(8)) {
                case 0 -> assertThat(store.remove(key)).isEqualTo(model.remove(key) != null);
                case 1, 2, 3 -> {
                    Artifact put = artifact(step, random.nextInt(6_000));
                    model.remove(key);
                    model.put(key, put);
                    while (model.size() > LIMITS.maxEntries() || bytes(model) > LIMITS.maxBytes()) {
                        model.pollFirstEntry();
                        evicted++;
                    }
                    assertThat(store.put(key, put)).isTrue();
                }
                default -> {
                    Artifact expected = model.get(key);
                    assertThat(store.get(key).orElse(null)).isEqualTo(expected);
                }
            }
            assertThat(store.metrics().entries()).isEqualTo(model.size());
            assertThat(store.metrics().cachedBytes()).isEqualTo(bytes(model));
        }
        assertThat(store.metrics().evictions()).isEqualTo(evicted).isPositive();
    }

    private long bytes(Map<Fingerprint, Artifact> model) {
        return model.values().stream().mapToLong(artifact -> counted(artifact.size())).sum();
    }

    @Test
    void countsAreExact() throws IOException {
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
        assertThat(open(LIMITS).metrics().hitRatePartsPerMillion()).as("without lookups").isZero();
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
