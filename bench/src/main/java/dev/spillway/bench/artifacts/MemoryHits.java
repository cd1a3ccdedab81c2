package dev.spillway.bench.artifacts;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.spillway.artifacts.Artifact;
import dev.spillway.artifacts.ArtifactLimits;
import dev.spillway.artifacts.Fingerprint;
import dev.spillway.artifacts.MemoryArtifactStore;
import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * Hits in memory, run by JMH. Both caches are full, hold the same artifacts, and are asked for the same keys. A key equals the stored one but is another
 * object, as with callers that compute it. A miss ends the run.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MemoryHits {
    static final int ENTRIES = 1 << 16;
    private static final int ARTIFACT_BYTES = 256;
    private static final double ZIPF_EXPONENT = 0.99;

    /** The limit that has been reached. */
    public enum Limit {
        ENTRIES, WEIGHT
    }

    /** The full caches, which all threads share. */
    @State(Scope.Benchmark)
    public static class Caches {
        private static final long AMPLE = 4L * ENTRIES * ARTIFACT_BYTES;

        @Param
        Limit limit = Limit.ENTRIES;

        private MemoryArtifactStore store = new MemoryArtifactStore(ArtifactLimits.DEFAULT);
        private Cache<Fingerprint, Artifact> caffeine = Caffeine.newBuilder().build();
        private final AtomicInteger threads = new AtomicInteger();

        /** Puts twice what the store can hold, and into Caffeine what is left of that. */
        @Setup
        public void fill() {
            boolean byEntries = limit == Limit.ENTRIES;
            store = new MemoryArtifactStore(
                    byEntries
                            ? new ArtifactLimits(ENTRIES, AMPLE, ARTIFACT_BYTES)
                            : new ArtifactLimits(AMPLE, ENTRIES * ARTIFACT_BYTES, ARTIFACT_BYTES));
            for (int number = 0; number < 2 * ENTRIES; number++) {
                store.put(Payloads.key(number), Artifact.shared(Payloads.content(number, ARTIFACT_BYTES)));
            }
            caffeine = byEntries
                    ? Caffeine.newBuilder().maximumSize(ENTRIES).build()
                    : Caffeine.newBuilder().maximumWeight(ENTRIES * ARTIFACT_BYTES).weigher((key, artifact) -> ARTIFACT_BYTES).build();
            for (Fingerprint key : held()) {
                caffeine.put(key, store.get(key).orElseThrow());
            }
        }

        private Fingerprint[] held() {
            return IntStream.range(0, 2 * ENTRIES)
                    .mapToObj(Payloads::key)
                    .filter(key -> store.get(key).isPresent())
                    .toArray(Fingerprint[]::new);
        }
    }

    /** The keys that a thread asks for, one after the other, again and again. The k-th most popular of n is drawn with a weight of k^-0.99. */
    @State(Scope.Thread)
    public static class Keys {
        private static final int DRAWS = 1 << 18;

        private final Fingerprint[] drawn = new Fingerprint[DRAWS];
        private int next;

        @Setup
        public void draw(Caches caches) {
            Fingerprint[] held = caches.held();
            if (held.length != ENTRIES) {
                throw new IllegalStateException("%d artifacts (expected: %d)".formatted(held.length, ENTRIES));
            }
            double[] weights = new double[ENTRIES];
            double sum = 0;
            for (int rank = 0; rank < ENTRIES; rank++) {
                sum += Math.pow(rank + 1, -ZIPF_EXPONENT);
                weights[rank] = sum;
            }
            SplittableRandom random = new SplittableRandom(caches.threads.getAndIncrement());
            for (int draw = 0; draw < DRAWS; draw++) {
                int found = Arrays.binarySearch(weights, random.nextDouble() * sum);
                drawn[draw] = held[found < 0 ? -found - 1 : found];
            }
        }

        private Fingerprint next() {
            return drawn[next++ & (DRAWS - 1)];
        }
    }

    @Benchmark
    public Artifact spillway(Caches caches, Keys keys) {
        return caches.store.get(keys.next()).orElseThrow();
    }

    @Benchmark
    public Artifact caffeine(Caches caches, Keys keys) {
        return Objects.requireNonNull(caches.caffeine.getIfPresent(keys.next()));
    }
}
