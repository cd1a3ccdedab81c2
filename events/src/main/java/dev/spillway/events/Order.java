package dev.spillway.events;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a host is told: delete this replica. It needs no fence but the replica id and the store; an order for another host or store is
 * ignored.
 *
 * @param evictionId the eviction behind it; absent for an orphan and for a relief
 * @param attempt    1 for the first time it is sent
 */
public record Order(ReplicaId replicaId, HostId hostId, StoreId storeId, NamespaceName namespace, EntryKey key, long generation,
        @Nullable EvictionId evictionId, OrderCause cause, int attempt, Instant doomedAt) {
    public EntryName name() {
        return new EntryName(namespace, key);
    }
}
