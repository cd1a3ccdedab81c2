package dev.spillway.coordinator.curve;

import dev.spillway.coordinator.core.Access;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The accesses to one namespace that one coordinator saw in a short time: all of them counted, and those of sampled keys one by one.
 *
 * @param threshold the bound on hashes of sampled keys
 * @param hits      counted reads of entries, with those whose entries are not known
 * @param fills     puts of keys that named no entry
 * @param misses    counted reads that found nothing
 * @param samples   accesses of the sampled keys, in their order
 */
public record SampledAccesses(long threshold, long hits, long fills, long misses, List<Sample> samples) {
    private static final int SAMPLE_BYTES = 4 * Long.BYTES + 1;

    /** The ways in which a key is accessed. */
    public enum Kind {
        /** It was read or put again. */
        USED('U'),
        /** It was put where it named no entry. */
        FILLED('F'),
        /** It went for a reason that no size of the namespace changes. */
        REMOVED('R');

        private final byte code;

        Kind(char code) {
            this.code = (byte) code;
        }

        static Kind of(byte code) {
            return Arrays.stream(values())
                    .filter(kind -> kind.code == code)
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException(
                            "kind of a sample: " + code + " (expected: one of " + Arrays.toString(values()) + ")"));
        }
    }

    /**
     * An access of a key.
     *
     * @param use  the namespace's use number, which puts accesses of several coordinators in order
     * @param hash of the key
     * @param size bytes of the entry
     * @param cost of making the entry again
     * @param hits counted reads, in one
     */
    public record Sample(long use, long hash, long size, double cost, long hits, Kind kind) {
        /** Returns how many accesses it tells of. The put where the key named no entry is one, too. */
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

        /** @param threshold the bound on hashes of sampled keys */
        public Gathering(long threshold) {
            this.threshold = threshold;
        }

        /** Takes an access. Returns how many samples it adds: 1, or 0 where the key is in no sample. */
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
                    yield add(new Sample(used.use(), hash, used.sizeBytes(), used.cost(), used.hits(),
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

        /** Returns what it took. */
        public SampledAccesses taken() {
            return new SampledAccesses(threshold, hits, fills, misses, List.copyOf(samples));
        }
    }

    /** Returns the samples of all these in the order in which they happened. An entry is used before others go at the same use number. */
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

    /** Returns the costs of the samples as 64 bits each; null where all are 1, as most namespaces tell none. */
    public byte @Nullable [] packedCosts() {
        if (samples.stream().allMatch(sample -> sample.cost() == 1)) {
            return null;
        }
        ByteBuffer packed = ByteBuffer.allocate(samples.size() * Double.BYTES);
        samples.forEach(sample -> packed.putDouble(sample.cost()));
        return packed.array();
    }

    /** Reads what {@link #packed} and {@link #packedCosts} made. */
    public static List<Sample> unpacked(byte[] bytes, byte @Nullable [] costs) {
        ByteBuffer packed = ByteBuffer.wrap(bytes);
        ByteBuffer packedCosts = costs == null ? null : ByteBuffer.wrap(costs);
        List<Sample> samples = new ArrayList<>(bytes.length / SAMPLE_BYTES);
        while (packed.hasRemaining()) {
            samples.add(new Sample(packed.getLong(), packed.getLong(), packed.getLong(), packedCosts == null ? 1 : packedCosts.getDouble(),
                    packed.getLong(), Kind.of(packed.get())));
        }
        return samples;
    }
}
