package dev.spillway.coordinator.http;

import dev.spillway.events.EntryKey;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import java.time.Instant;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * An entry.
 *
 * @param sizeBytes allocated bytes as its owner stated them
 * @param pin       absent when it is not pinned
 * @param replicas  copies of its generation, at most 1,000; absent in lists
 */
public record EntryAnswer(NamespaceName namespace, EntryKey key, SnapshotId snapshotId, long generation, long sizeBytes, String description,
        SortedMap<String, String> labels, Instant createdAt, Instant lastAccessedAt, @Nullable PinAnswer pin,
        @Nullable List<Replica> replicas) {
    /**
     * One host's copy.
     *
     * @param state LIVE or DOOMED
     */
    public record Replica(ReplicaId replicaId, HostId hostId, String state, Instant registeredAt) {}
}
