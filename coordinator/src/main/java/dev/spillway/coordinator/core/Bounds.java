package dev.spillway.coordinator.core;

import org.jspecify.annotations.Nullable;

/** What a number of entries and their bytes are to stay within; an absent bound is none. */
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
