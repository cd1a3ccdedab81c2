package dev.spillway.api.body;

import dev.spillway.events.HostId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.JoinAnswer;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The hosts in the registry. */
public final class Hosts {
    private Hosts() {}

    /**
     * A host in the registry.
     *
     * @param address    address of the worker's HTTP server, {@code host:port}
     * @param partition  the partition of {@code spillway.orders} that it reads
     * @param replicas   number of LIVE and DOOMED rows. In the list of a fleet with more than 100,000 of them, the number that the host reported with
     *                   its last heartbeat, unless it drains or is retired
     * @param bytes      allocated bytes of these rows
     * @param figures    figures that the worker reported last
     * @param attention  what needs an operator, in one line; absent if nothing does
     * @param drain      progress of its drain, also while it is AWAY; absent if it does not drain
     */
    public record Host(
            HostId id,
            StoreId storeId,
            String address,
            State state,
            long incarnation,
            int partition,
            Instant lastHeardAt,
            long replicas,
            long bytes,
            long openOrders,
            @Nullable Instant oldestOpenOrderAt,
            HostFigures figures,
            @Nullable Instant lastReconciledAt,
            @Nullable String attention,
            @Nullable Drain drain) {}

    /** The state of a host. */
    public enum State {
        /** Heard within the host timeout. */
        ACTIVE,
        /** Heard, takes nothing new, and gives up the copies that other hosts also hold. */
        DRAINING,
        /** Not heard for longer than the host timeout; its orders wait. */
        AWAY,
        /** Given up; it joins again only when readmitted. */
        RETIRED
    }

    /**
     * The progress of a drain.
     *
     * @param lastCopies    number of copies that no reliable other host has; they are kept
     * @param lastCopyBytes allocated bytes of these
     * @param countedAt     time of the count, which may be a while ago for a large host
     * @param drained       whether only last copies are left on the host
     */
    public record Drain(Instant since, long lastCopies, long lastCopyBytes, Instant countedAt, boolean drained) {}

    /**
     * The result of starting or cancelling a drain.
     *
     * @param drainingSince beginning of the drain; absent if the host does not drain
     */
    public record DrainChanged(HostId id, @Nullable Instant drainingSince) {}

    /**
     * A host was retired or readmitted.
     *
     * @param rowsAbandoned number of replica rows that were closed as ABANDONED
     * @param entriesLost   number of entries that were evicted because no other host holds them
     */
    public record Changed(long rowsAbandoned, long entriesLost) {}

    /**
     * A worker that asked to join and was refused.
     *
     * @param address   address of the worker's HTTP server, {@code host:port}
     * @param detail    reason, and what to do about it
     * @param refusedAt time of its last attempt
     */
    public record JoinRefusal(HostId hostId, StoreId storeId, String address, JoinAnswer.Reason reason, String detail, Instant refusedAt) {}
}
