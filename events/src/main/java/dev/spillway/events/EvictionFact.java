package dev.spillway.events;

import dev.spillway.events.codec.Topics;
import java.time.Instant;
import java.util.SortedMap;

/**
 * Tells the readers of {@link Topics#EVICTIONS} that an entry was evicted. Published at least once and in no promised order. Readers recognise
 * duplicates by {@code id}, and older facts of a key by {@code generation}.
 *
 * @param sizeBytes allocated bytes of the image as its owner stated them
 * @param replicas  number of hosts of the fleet with a copy; with 0, the client that put the entry has to delete the image
 */
public record EvictionFact(
        EvictionId id,
        NamespaceName namespace,
        EntryKey key,
        SnapshotId snapshotId,
        long generation,
        long sizeBytes,
        EvictionCause cause,
        int replicas,
        SortedMap<String, String> labels,
        Instant evictedAt) {}
