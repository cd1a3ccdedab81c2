package dev.spillway.events;

import java.time.Instant;
import java.util.SortedMap;

/**
 * That an entry was evicted, for anyone who follows {@link Topics#EVICTIONS}. Published at least once and in no promised order: {@code id}
 * tells duplicates, {@code generation} tells old from new.
 *
 * @param sizeBytes allocated bytes of the image as its owner stated them
 * @param replicas  how many hosts of the fleet held a copy; with 0 the image belongs to whoever put the entry
 */
public record EvictionFact(EvictionId id, NamespaceName namespace, EntryKey key, SnapshotId snapshotId, long generation, long sizeBytes,
        EvictionCause cause, int replicas, SortedMap<String, String> labels, Instant evictedAt) {}
