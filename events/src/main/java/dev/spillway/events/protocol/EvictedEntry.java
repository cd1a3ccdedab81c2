package dev.spillway.events.protocol;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.SnapshotId;

/** An entry that an answered command evicted. */
public record EvictedEntry(EntryKey key, SnapshotId snapshotId, long generation, long sizeBytes, EvictionCause cause) {}
