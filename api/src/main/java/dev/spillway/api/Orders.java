package dev.spillway.api;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.OrderCause;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Orders: a host is to delete a copy. */
public final class Orders {
    private Orders() {}

    /** The state of an order, then how it was closed. */
    public enum State {
        /** Handed out until its host confirms. */
        OPEN,
        /** Its host confirmed that it waits for a hold. */
        DEFERRED,
        /** Not handed out yet, because of a restore of the registry's database. */
        WAITING,
        DELETED,
        ABSENT,
        LOST,
        BOUNDS,
        CANCELLED,
        ABANDONED,
        READOPTED
    }

    /**
     * The order for one replica of an eviction.
     *
     * @param deferredUntil when the last hold on the image runs out, as its host said
     * @param waitsFor      of one that is WAITING: what ends that
     */
    public record ReplicaOrder(ReplicaId replicaId, HostId hostId, State state, int attempts, @Nullable Instant nextAttemptAt,
            @Nullable String lastError, @Nullable Instant deferredUntil, @Nullable Instant closedAt, @Nullable String waitsFor) {}

    /**
     * An open order of a host.
     *
     * @param cause         that of its eviction, or ORPHAN or RELIEF, which have none
     * @param state         OPEN, DEFERRED or WAITING
     * @param orderedAt     since when the copy is to go
     * @param nextAttemptAt when the order is handed out again; to a host that is AWAY it is not before the host is heard
     * @param deferredUntil when the last hold on the image runs out, as its host said
     * @param waitsFor      of one that is WAITING: what ends that
     */
    public record OpenOrder(ReplicaId replicaId, NamespaceName namespace, EntryKey key, SnapshotId snapshotId, long generation,
            long sizeBytes, OrderCause cause, @Nullable EvictionId evictionId, State state, int attempts, Instant orderedAt,
            @Nullable Instant nextAttemptAt, @Nullable String lastError, @Nullable Instant deferredUntil, @Nullable String waitsFor) {}
}
