package dev.spillway.api.body;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.OrderCause;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Orders, each of which tells a host to delete a copy. */
public final class Orders {
    private Orders() {}

    /** The states of an open order, and the results of a closed one. */
    public enum State {
        /** Sent repeatedly until its host confirms. */
        OPEN,
        /** Its host has reported that it waits for the end of a hold. */
        DEFERRED,
        /** Not sent yet, because of a restore of the registry's database. */
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
     * @param deferredUntil end of the last hold on the image, as its host reported it
     * @param waitsFor      event that ends the wait of a WAITING order; otherwise absent
     */
    public record ReplicaOrder(
            ReplicaId replicaId,
            HostId hostId,
            State state,
            int attempts,
            @Nullable Instant nextAttemptAt,
            @Nullable String lastError,
            @Nullable Instant deferredUntil,
            @Nullable Instant closedAt,
            @Nullable String waitsFor) {}

    /**
     * An open order of a host.
     *
     * @param cause         cause of its eviction, or ORPHAN or RELIEF without an eviction
     * @param state         OPEN, DEFERRED or WAITING
     * @param orderedAt     time at which the deletion was ordered
     * @param nextAttemptAt time at which the order is sent again; a host that is AWAY gets it only after it is heard
     * @param deferredUntil end of the last hold on the image, as its host reported it
     * @param waitsFor      event that ends the wait of a WAITING order; otherwise absent
     */
    public record OpenOrder(
            ReplicaId replicaId,
            NamespaceName namespace,
            EntryKey key,
            SnapshotId snapshotId,
            long generation,
            long sizeBytes,
            OrderCause cause,
            @Nullable EvictionId evictionId,
            State state,
            int attempts,
            Instant orderedAt,
            @Nullable Instant nextAttemptAt,
            @Nullable String lastError,
            @Nullable Instant deferredUntil,
            @Nullable String waitsFor) {}
}
