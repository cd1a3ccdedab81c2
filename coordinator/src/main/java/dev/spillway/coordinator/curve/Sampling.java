package dev.spillway.coordinator.curve;

import com.dynatrace.hash4j.hashing.Hasher64;
import com.dynatrace.hash4j.hashing.Hashing;
import dev.spillway.events.EntryKey;

/** Chooses a sample of keys by hash. All coordinators choose the same keys, and sample either all accesses of a key or none. */
public final class Sampling {
    /** The threshold that samples all keys. */
    public static final long ALL = Long.MAX_VALUE;

    private static final Hasher64 HASHER = Hashing.xxh3_64();

    private Sampling() {}

    /** Returns the hash of a key, 0 or more. A key is in the sample if it is below the threshold. */
    public static long hash(EntryKey key) {
        return HASHER.hashCharsToLong(key.value()) >>> 1;
    }

    /** Returns the share of keys below a threshold. */
    static double rate(long threshold) {
        return threshold == ALL ? 1 : threshold / 0x1p63;
    }
}
