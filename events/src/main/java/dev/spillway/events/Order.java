package dev.spillway.events;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Tells a host to delete a replica. The replica id and the store are the only fence that it needs; a host ignores orders for another host or store.
 *
 * @param evictionId the eviction that caused it; absent for an orphan and for a relief
 * @param attempt    number of the attempt to send it, 1 for the first
 */
public record Order(
        ReplicaId replicaId,
        HostId hostId,
        StoreId storeId,
        NamespaceName namespace,
        EntryKey key,
        long generation,
        @Nullable EvictionId evictionId,
        OrderCause cause,
        int attempt,
        Instant doomedAt) {
    public EntryName name() {
        return new EntryName(namespace, key);
    }
}
