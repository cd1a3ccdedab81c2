package dev.spillway.bench.curves;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntUnaryOperator;
import java.util.function.LongUnaryOperator;
import java.util.random.RandomGenerator;

/** Reads of keys by number, the same at each call. Immutable. */
public final class Trace {
    private static final long KIB = 1 << 10;

    private final String name;
    private final int[] reads;
    private final long[] sizes;

    private Trace(String name, int[] reads, long[] sizes) {
        this.name = name;
        this.reads = reads;
        this.sizes = sizes;
    }

    /** Returns ten traces that differ in popularity, scans, change over time and sizes. */
    public static List<Trace> ten(int reads) {
        int keys = reads / 5;
        return List.of(
                of("Zipf 0.6", reads, keys, zipf(keys, 0.6, 1), Trace::even),
                of("Zipf 0.8", reads, keys, zipf(keys, 0.8, 2), logNormal(2)),
                of("Zipf 1.0", reads, keys, zipf(keys, 1.0, 3), logNormal(3)),
                of("Zipf 1.2", reads, keys, zipf(keys, 1.2, 4), heavyTailed(4)),
                of("uniform", reads, keys / 4, uniform(keys / 4, 5), Trace::even),
                of("a loop over all keys", reads, keys / 4, index -> index % (keys / 4), logNormal(6)),
                of("Zipf 0.9 with scans", reads, 2 * keys, scans(keys, 7), heavyTailed(7)),
                of("Zipf 0.9 that moves on", reads, 2 * keys, moving(keys, reads, 8), logNormal(8)),
                of("builds: new keys, read a few times soon", reads, reads, builds(9), heavyTailed(9)),
                of("two loops beside Zipf 1.0", reads, 2 * keys, loops(keys, 10), logNormal(10)));
    }

    /** Returns reads whose k-th most popular key has a weight of k to the power of minus {@code exponent}. */
    static Trace ofPopularity(int reads, int keys, double exponent) {
        return of("Zipf " + exponent, reads, keys, zipf(keys, exponent, 11), Trace::even);
    }

    /** Returns one read of each key. */
    static Trace ofEach(int keys) {
        return of("each key once", keys, keys, index -> index, Trace::even);
    }

    /** Returns its name. */
    String name() {
        return name;
    }

    int reads() {
        return reads.length;
    }

    /** Returns the key of a read. */
    int key(int read) {
        return reads[read];
    }

    /** Returns the number of keys, which are numbered from 0. */
    int keys() {
        return sizes.length;
    }

    /** Returns the bytes of a key's entry. */
    long size(int key) {
        return sizes[key];
    }

    private static Trace of(String name, int reads, int keys, IntUnaryOperator key, LongUnaryOperator size) {
        int[] read = new int[reads];
        Arrays.setAll(read, key);
        long[] sizes = new long[keys];
        Arrays.setAll(sizes, number -> size.applyAsLong(number));
        return new Trace(name, read, sizes);
    }

    /** The k-th most popular of n keys is drawn with a weight of k to the power of minus {@code exponent}. */
    public static IntUnaryOperator zipf(int keys, double exponent, long seed) {
        RandomGenerator random = new SplittableRandom(seed);
        double[] upTo = new double[keys];
        double sum = 0;
        for (int rank = 0; rank < keys; rank++) {
            sum += Math.pow(rank + 1, -exponent);
            upTo[rank] = sum;
        }
        double whole = sum;
        return index -> {
            int found = Arrays.binarySearch(upTo, random.nextDouble(whole));
            return Math.min(keys - 1, found < 0 ? -found - 1 : found);
        };
    }

    private static IntUnaryOperator uniform(int keys, long seed) {
        RandomGenerator random = new SplittableRandom(seed);
        return index -> random.nextInt(keys);
    }

    /** Returns reads of which a tenth are scans; each scan reads a thousand keys of its own in sequence. */
    private static IntUnaryOperator scans(int keys, long seed) {
        IntUnaryOperator popular = zipf(keys, 0.9, seed);
        return index -> index % 10_000 < 1_000 ? keys + (index / 10_000 * 1_000 + index % 1_000) % keys : popular.applyAsInt(index);
    }

    /** Returns reads whose keys are gradually replaced by others. */
    private static IntUnaryOperator moving(int keys, int reads, long seed) {
        IntUnaryOperator popular = zipf(keys, 0.9, seed);
        return index -> (int) (popular.applyAsInt(index) + (long) keys * index / reads);
    }

    /** Returns reads of which a third are of a new key, and the others of one of the latest keys. */
    private static IntUnaryOperator builds(long seed) {
        RandomGenerator random = new SplittableRandom(seed);
        int[] made = {0};
        return index -> {
            if (made[0] == 0 || random.nextInt(3) == 0) {
                return made[0]++;
            }
            return made[0] - 1 - (int) Math.min(made[0] - 1, -Math.log(1 - random.nextDouble()) * 10_000);
        };
    }

    private static IntUnaryOperator loops(int keys, long seed) {
        IntUnaryOperator popular = zipf(keys, 1.0, seed);
        return index -> switch (index % 4) {
            case 0 -> keys + index / 4 % (keys / 20);
            case 1 -> keys + keys / 2 + index / 4 % (keys / 5);
            default -> popular.applyAsInt(index);
        };
    }

    private static long even(long key) {
        return 64 * KIB;
    }

    private static LongUnaryOperator logNormal(long seed) {
        RandomGenerator random = new SplittableRandom(-seed);
        return key -> Math.max(1, (long) (64 * KIB * Math.exp(random.nextGaussian())));
    }

    /** Returns sizes by a Pareto distribution with an exponent of 1.5, so that a few entries have most of the bytes. */
    private static LongUnaryOperator heavyTailed(long seed) {
        RandomGenerator random = new SplittableRandom(-seed);
        return key -> (long) Math.min(64 * KIB * KIB, 16 * KIB * Math.pow(1 - random.nextDouble(), -1 / 1.5));
    }
}
