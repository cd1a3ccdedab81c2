package dev.spillway.coordinator.http;

import dev.spillway.coordinator.core.Actor;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import java.time.Instant;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * An eviction and what became of it on each host.
 *
 * @param actor    who asked for it: host:ID, client:NAME, registry:sweep, or unknown
 * @param planId   the plan that named the entry, if one did
 * @param state    {@code open} while an order of it is open, then {@code closed}
 * @param replicas how many copies the fleet held
 * @param orders   those that are open first, then as they were closed: at most 1,000 of an eviction that is asked for alone, and 100 of each in a list
 */
public record EvictionAnswer(EvictionId id, NamespaceName namespace, EntryKey key, SnapshotId snapshotId, long generation, long sizeBytes,
        EvictionCause cause, int replicas, SortedMap<String, String> labels, Instant evictedAt, Actor actor,
        @Nullable PlanId planId, String state, List<ReplicaOrder> orders) {
    /**
     * The order for one replica.
     *
     * @param state         OPEN, DEFERRED, WAITING, or how it was closed: DELETED, ABSENT, LOST, BOUNDS, CANCELLED, ABANDONED, READOPTED
     * @param deferredUntil when the last hold on the image runs out, as its host said
     * @param waitsFor      of one that is WAITING: what ends that
     */
    public record ReplicaOrder(ReplicaId replicaId, HostId hostId, String state, int attempts, @Nullable Instant nextAttemptAt,
            @Nullable String lastError, @Nullable Instant deferredUntil, @Nullable Instant closedAt, @Nullable String waitsFor) {}
}
