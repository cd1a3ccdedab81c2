package dev.spillway.coordinator.core;

import org.jspecify.annotations.Nullable;

/** Limits on a number of entries and their bytes; an absent limit does not apply. */
record Bounds(@Nullable Long maxEntries, @Nullable Long maxBytes) {
    boolean areExceededBy(long entries, long bytes) {
        return entriesExceedBy(entries) || bytesExceedBy(bytes);
    }

    boolean entriesExceedBy(long entries) {
        return maxEntries != null && entries > maxEntries;
    }

    boolean bytesExceedBy(long bytes) {
        return maxBytes != null && bytes > maxBytes;
    }
}
