package dev.spillway.worker.http;

import dev.spillway.events.EntryKey;
import dev.spillway.events.SnapshotId;
import java.time.Instant;

/** A tree that is served here, in a list. */
public record ListedEntry(EntryKey key, String description, SnapshotId snapshotId, long generation, long sizeBytes, Instant cachedAt,
        Instant lastAccessedAt) {}
