package dev.spillway.api;

import dev.spillway.events.HostId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.JoinAnswer;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Hosts as the registry knows them. */
public final class Hosts {
    private Hosts() {}

    /**
     * A host as the registry knows it.
     *
     * @param address    where the worker's HTTP listens, {@code host:port}
     * @param partition  the partition of {@code spillway.orders} that it reads
     * @param replicas   rows that are LIVE or DOOMED; in the list of a fleet with more than 100,000 of them, what the host told with its last heartbeat,
     *                   unless it drains or is retired
     * @param bytes      allocated bytes of these rows
     * @param figures    what the worker last said of itself
     * @param attention  what waits for a person, in one line
     * @param drain      of a host that is to hold nothing that others can hold, also while it is AWAY
     */
    public record Host(HostId id, StoreId storeId, String address, State state, long incarnation, int partition, Instant lastHeardAt,
            long replicas, long bytes, long openOrders, @Nullable Instant oldestOpenOrderAt, HostFigures figures,
            @Nullable Instant lastReconciledAt, @Nullable String attention, @Nullable Drain drain) {}

    /** The state of a host. */
    public enum State {
        /** Heard within the host timeout. */
        ACTIVE,
        /** Heard, takes nothing new and is relieved of what others hold. */
        DRAINING,
        /** Not heard for longer than the host timeout; its orders wait. */
        AWAY,
        /** Given up; it joins again only when readmitted. */
        RETIRED
    }

    /**
     * How far a host is drained.
     *
     * @param lastCopies    copies that no other host has which is heard and stays; they are kept
     * @param lastCopyBytes allocated bytes of these
     * @param countedAt     when these were counted: of a large host that is a while ago
     * @param drained       whether nothing else is left on the host
     */
    public record Drain(Instant since, long lastCopies, long lastCopyBytes, Instant countedAt, boolean drained) {}

    /**
     * A host drains, or does not any more.
     *
     * @param drainingSince absent if it does not
     */
    public record DrainChanged(HostId id, @Nullable Instant drainingSince) {}

    /**
     * A host was retired or readmitted.
     *
     * @param rowsAbandoned replica rows that closed as ABANDONED
     * @param entriesLost   entries evicted because no other host holds them
     */
    public record Changed(long rowsAbandoned, long entriesLost) {}

    /**
     * A worker that asked to join and was refused.
     *
     * @param address   where the worker's HTTP listens, {@code host:port}
     * @param detail    why, and what to do
     * @param refusedAt when it asked last
     */
    public record JoinRefusal(HostId hostId, StoreId storeId, String address, JoinAnswer.Reason reason, String detail,
            Instant refusedAt) {}
}
