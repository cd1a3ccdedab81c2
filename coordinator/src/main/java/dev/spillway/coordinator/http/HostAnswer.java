package dev.spillway.coordinator.http;

import dev.spillway.events.HostId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.HostFigures;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A host as the registry knows it.
 *
 * @param state      ACTIVE, DRAINING, AWAY or RETIRED
 * @param address    where the worker's HTTP listens, {@code host:port}
 * @param partition  the partition of {@code spillway.orders} that it reads
 * @param replicas   rows that are LIVE or DOOMED
 * @param bytes      allocated bytes of these rows
 * @param figures    what the worker last said of itself
 * @param attention  what waits for a person, in one line
 * @param drain      of a host that is to hold nothing that others can hold, also while it is AWAY
 */
public record HostAnswer(HostId id, StoreId storeId, String address, String state, long incarnation, int partition, Instant lastHeardAt,
        long replicas,
        long bytes, long openOrders, @Nullable Instant oldestOpenOrderAt, HostFigures figures, @Nullable Instant lastReconciledAt,
        @Nullable String attention, @Nullable Drain drain) {
    /**
     * How far a host is drained.
     *
     * @param lastCopies    copies that no other host has which is heard and stays; they are kept
     * @param lastCopyBytes allocated bytes of these
     * @param countedAt     when these were counted: of a large host that is a while ago
     * @param drained       whether nothing else is left on the host
     */
    public record Drain(Instant since, long lastCopies, long lastCopyBytes, Instant countedAt, boolean drained) {}
}
