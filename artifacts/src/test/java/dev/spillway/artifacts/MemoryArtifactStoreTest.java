package dev.spillway.artifacts;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static dev.spillway.artifacts.Samples.artifact;
import static dev.spillway.artifacts.Samples.fingerprint;
import static org.assertj.core.api.Assertions.assertThat;

class MemoryArtifactStoreTest extends BoundedStoreContract {
    @Override
    MemoryArtifactStore open(ArtifactLimits limits) {
        return new MemoryArtifactStore(limits, 1);
    }

    @Override
    long counted(long size) {
        return size;
    }

    @Test
    void shardsHoldTheirSharesOfTheLimitsTogether() {
        ArtifactLimits limits = new ArtifactLimits(8_192, 1L << 30, 1_000);
        try (MemoryArtifactStore store = new MemoryArtifactStore(limits)) {
            for (int i = 0; i < 20_000; i++) {
                store.put(fingerprint(i), artifact(i, 10));
            }
            assertThat(store.metrics().entries()).isEqualTo(8_192);
            assertThat(store.metrics().evictions()).isEqualTo(20_000 - 8_192);
            assertThat(store.get(fingerprint(19_999))).contains(artifact(19_999, 10));
        }
    }

    @Test
    void aLargestArtifactFitsHoweverFewBytesThereAre() {
        ArtifactLimits limits = new ArtifactLimits(1_000_000, 1_000, 1_000);
        try (MemoryArtifactStore store = new MemoryArtifactStore(limits)) {
            assertThat(store.put(fingerprint(1), artifact(1, 1_000))).isTrue();
        }
    }

    @Test
    @Timeout(300)
    void countsStayExactWhileManyPutAndGet() throws Exception {
        List<Fingerprint> keys = IntStream.range(0, 120).mapToObj(Samples::fingerprint).toList();
        List<Artifact> artifacts = IntStream.range(0, 120).mapToObj(number -> artifact(number, 10 + number)).toList();
        ArtifactLimits limits = new ArtifactLimits(40, 4_000, 1_000);
        try (MemoryArtifactStore store = open(limits); ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<?>> ends = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                SplittableRandom random = new SplittableRandom(thread);
                ends.add(threads.submit(() -> {
                    for (int step = 0; step < 200_000; step++) {
                        int number = random.nextInt(120);
                        if (random.nextInt(2) == 0) {
                            store.put(keys.get(number), artifacts.get(number));
                        } else {
                            store.get(keys.get(number)).ifPresent(found -> assertThat(found).isSameAs(artifacts.get(number)));
                        }
                    }
                }));
            }
            for (Future<?> end : ends) {
                end.get();
            }
            ArtifactMetrics metrics = store.metrics();
            List<Artifact> held = keys.stream().flatMap(key -> store.get(key).stream()).toList();
            assertThat(metrics.entries()).isEqualTo(held.size()).isBetween(1L, 40L);
            assertThat(metrics.cachedBytes()).isEqualTo(held.stream().mapToLong(Artifact::size).sum()).isLessThanOrEqualTo(4_000);
        }
    }

    @Test
    void aHitIsSharedAndNotCopied() {
        try (MemoryArtifactStore store = new MemoryArtifactStore(ArtifactLimits.DEFAULT)) {
            store.put(fingerprint(1), artifact(1, 1_000));
            Optional<Artifact> first = store.get(fingerprint(1));
            assertThat(store.get(fingerprint(1))).isSameAs(first);
            assertThat(first.orElseThrow().content().isReadOnly()).isTrue();
        }
    }
}
