package dev.spillway.coordinator.curve;

import dev.spillway.registry.trail.Access;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The accesses to one namespace that one coordinator committed in a short time: counts of all of them, and each access of a sampled key.
 *
 * @param threshold exclusive upper bound on the hashes of sampled keys
 * @param hits      number of counted hits, including those that move no entry
 * @param fills     number of puts of new keys
 * @param misses    number of counted reads that found no entry
 * @param samples   accesses of the sampled keys, in their order
 */
public record SampledAccesses(long threshold, long hits, long fills, long misses, List<Sample> samples) {
    private static final int SAMPLE_BYTES = 4 * Long.BYTES + 1;

    /** The ways in which a key is accessed. */
    public enum Kind {
        /** It was read or put again. */
        USED('U'),
        /** It was put as a new key. */
        FILLED('F'),
        /** It was removed for a reason that does not depend on the size of the namespace. */
        REMOVED('R');

        private final byte code;

        Kind(char code) {
            this.code = (byte) code;
        }

        static Kind of(byte code) {
            return Arrays.stream(values())
                    .filter(kind -> kind.code == code)
                    .findFirst()
                    .orElseThrow(
                            () -> new IllegalArgumentException(
                                    "kind of a sample: " + code + " (expected: one of " + Arrays.toString(values()) + ")"));
        }
    }

    /**
     * An access of a key.
     *
     * @param use  use number in the namespace, by which accesses of several coordinators are ordered
     * @param hash hash of the key
     * @param size bytes of the entry
     * @param cost cost of rebuilding the entry's image
     * @param hits number of counted reads that this access stands for
     */
    public record Sample(long use, long hash, long size, double cost, long hits, Kind kind) {
        /** Returns the number of accesses that this one stands for. The put of a new key is one access. */
        long accesses() {
            return kind == Kind.FILLED ? Math.max(1, hits) : hits;
        }
    }

    /** Gathers accesses to one namespace. Not thread-safe. */
    public static final class Gathering {
        private final long threshold;
        private final List<Sample> samples = new ArrayList<>();
        private long hits;
        private long fills;
        private long misses;

        /** @param threshold exclusive upper bound on the hashes of sampled keys */
        public Gathering(long threshold) {
            this.threshold = threshold;
        }

        /** Adds an access. Returns the number of samples that it adds: 1 if the key is sampled, otherwise 0. */
        public int take(Access access) {
            return switch (access) {
                case Access.Counted counted -> {
                    hits += counted.hits();
                    misses += counted.misses();
                    yield 0;
                }
                case Access.Used used -> {
                    hits += used.hits();
                    fills += used.isNew() ? 1 : 0;
                    long hash = Sampling.hash(used.key());
                    yield add(
                            new Sample(
                                    used.use(),
                                    hash,
                                    used.sizeBytes(),
                                    used.cost(),
                                    used.hits(),
                                    used.isNew() ? Kind.FILLED : Kind.USED));
                }
                case Access.Removed removed -> add(new Sample(removed.use(), Sampling.hash(removed.key()), 0, 1, 0, Kind.REMOVED));
            };
        }

        private int add(Sample sample) {
            if (sample.hash() >= threshold) {
                return 0;
            }
            samples.add(sample);
            return 1;
        }

        /** Returns the accesses so far. */
        public SampledAccesses taken() {
            return new SampledAccesses(threshold, hits, fills, misses, List.copyOf(samples));
        }
    }

    /** Returns the samples of all batches in the order in which they happened. At equal use numbers, uses come before removals. */
    static List<Sample> inOrder(List<SampledAccesses> batches) {
        List<Sample> all = new ArrayList<>();
        batches.forEach(batch -> all.addAll(batch.samples()));
        all.sort(Comparator.comparingLong(Sample::use).thenComparing(sample -> sample.kind() == Kind.REMOVED));
        return all;
    }

    /** Returns the samples without their costs as bytes: use, hash, size and hits as 64 bits each, and the kind as one byte. */
    public byte[] packed() {
        ByteBuffer packed = ByteBuffer.allocate(samples.size() * SAMPLE_BYTES);
        for (Sample sample : samples) {
            packed.putLong(sample.use())
                    .putLong(sample.hash())
                    .putLong(sample.size())
                    .putLong(sample.hits())
                    .put(sample.kind().code);
        }
        return packed.array();
    }

    /** Returns the costs of the samples as 64 bits each; null if all are 1, which is so in most namespaces. */
    public byte @Nullable [] packedCosts() {
        if (samples.stream().allMatch(sample -> sample.cost() == 1)) {
            return null;
        }
        ByteBuffer packed = ByteBuffer.allocate(samples.size() * Double.BYTES);
        samples.forEach(sample -> packed.putDouble(sample.cost()));
        return packed.array();
    }

    /** Reads samples from the bytes of {@link #packed} and {@link #packedCosts}. */
    public static List<Sample> unpacked(byte[] bytes, byte @Nullable [] costs) {
        ByteBuffer packed = ByteBuffer.wrap(bytes);
        ByteBuffer packedCosts = costs == null ? null : ByteBuffer.wrap(costs);
        List<Sample> samples = new ArrayList<>(bytes.length / SAMPLE_BYTES);
        while (packed.hasRemaining()) {
            samples.add(
                    new Sample(
                            packed.getLong(),
                            packed.getLong(),
                            packed.getLong(),
                            packedCosts == null ? 1 : packedCosts.getDouble(),
                            packed.getLong(),
                            Kind.of(packed.get())));
        }
        return samples;
    }
}
