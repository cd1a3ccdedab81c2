package dev.spillway.coordinator.curve;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/**
 * Histogram of accesses by the cache size from which on they would be hits. Sizes are exact up to 256, and within 1 % above. Not thread-safe.
 */
final class Distances {
    private static final int EXACT_BITS = 8;
    private static final int EXACT = 1 << EXACT_BITS;

    private final TreeMap<Integer, Double> weights = new TreeMap<>();

    /** @param size 1 or more */
    void add(double size, double weight) {
        weights.merge(bucket(size), weight, Double::sum);
    }

    void scale(double factor) {
        weights.replaceAll((bucket, weight) -> weight * factor);
    }

    /** Passes each bucket's largest size and its weight to {@code taken}, in ascending order of size. */
    void each(BiConsumer<Double, Double> taken) {
        weights.forEach((bucket, weight) -> taken.accept(largest(bucket), weight));
    }

    private static int bucket(double size) {
        long whole = (long) Math.ceil(Math.min(size, 0x1p62));
        if (whole <= EXACT) {
            return Math.toIntExact(whole);
        }
        int shift = Long.SIZE - EXACT_BITS - Long.numberOfLeadingZeros(whole - 1);
        // Each power of two above the exact sizes has half as many buckets as there are exact sizes.
        return EXACT + 1 + (shift - 1) * (EXACT / 2) + Math.toIntExact((whole - 1 >>> shift) - EXACT / 2);
    }

    private static double largest(int bucket) {
        if (bucket <= EXACT) {
            return bucket;
        }
        int above = bucket - EXACT - 1;
        int shift = 1 + above / (EXACT / 2);
        return (double) ((long) (EXACT / 2 + above % (EXACT / 2) + 1) << shift);
    }

    void write(DataOutput out) throws IOException {
        out.writeInt(weights.size());
        for (Map.Entry<Integer, Double> entry : weights.entrySet()) {
            out.writeInt(entry.getKey());
            out.writeDouble(entry.getValue());
        }
    }

    static Distances read(DataInput in) throws IOException {
        Distances read = new Distances();
        int count = in.readInt();
        for (int index = 0; index < count; index++) {
            read.weights.put(in.readInt(), in.readDouble());
        }
        return read;
    }
}
