package dev.spillway.registry.model;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Limits on a number of entries and their bytes; an absent limit does not apply. */
public record Bounds(@Nullable Long maxEntries, @Nullable Long maxBytes) {
    public boolean areExceededBy(long entries, long bytes) {
        return entriesExceedBy(entries) || bytesExceedBy(bytes);
    }

    /** Names the limits that a namespace exceeds. */
    public String exceeded(NamespaceRow namespace) {
        List<String> names = new ArrayList<>();
        if (entriesExceedBy(namespace.unpinnedEntries())) {
            names.add("maxEntries " + maxEntries);
        }
        if (bytesExceedBy(namespace.unpinnedBytes())) {
            names.add("maxBytes " + maxBytes);
        }
        return String.join(" and ", names);
    }

    public boolean entriesExceedBy(long entries) {
        return maxEntries != null && entries > maxEntries;
    }

    public boolean bytesExceedBy(long bytes) {
        return maxBytes != null && bytes > maxBytes;
    }
}
