package dev.spillway.coordinator.core;

import dev.spillway.events.InvalidValueException;
import org.jspecify.annotations.Nullable;

/**
 * The limits of a namespace.
 *
 * @param maxEntries       1 or more; absent for no bound
 * @param maxBytes         0 or more allocated bytes; absent for no bound
 * @param maxEvictionShare share of the entries that one prune or lowered limit may evict without asking, above 0 and at most 1
 */
public record Policy(@Nullable Long maxEntries, @Nullable Long maxBytes, double maxEvictionShare) {
    public static final double DEFAULT_EVICTION_SHARE = 0.5;
    /** Below this many entries a share says little, and nothing is judged by it. */
    public static final int SHARE_JUDGED_FROM = 10;

    public Policy {
        if (maxEntries != null && maxEntries < 1) {
            throw new InvalidValueException("maxEntries", maxEntries, "1 or more");
        }
        if (maxBytes != null && maxBytes < 0) {
            throw new InvalidValueException("maxBytes", maxBytes, "0 or more");
        }
        if (!(maxEvictionShare > 0 && maxEvictionShare <= 1)) {
            throw new InvalidValueException("maxEvictionShare", maxEvictionShare, "above 0, at most 1");
        }
    }

    /** Whether a single image of this size could ever fit. */
    boolean fits(long sizeBytes) {
        return maxBytes == null || sizeBytes <= maxBytes;
    }

    boolean isExceededBy(long entries, long bytes) {
        return (maxEntries != null && entries > maxEntries) || (maxBytes != null && bytes > maxBytes);
    }
}
