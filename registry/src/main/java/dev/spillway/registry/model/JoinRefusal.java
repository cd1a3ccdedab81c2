package dev.spillway.registry.model;

import dev.spillway.events.HostId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;

/**
 * The latest refusal of a worker that asked to join.
 *
 * @param address address of its HTTP server, as the worker stated it
 * @param detail  reason, and what to do about it
 */
public record JoinRefusal(HostId hostId, StoreId storeId, String address, JoinAnswer.Reason reason, String detail, Instant at) {
    /** Time for which a refusal is shown. A refused worker asks again much sooner, so one that has been silent for this long has given up. */
    public static final Duration SHOWN_FOR = Duration.ofMinutes(10);

    /** Number of refusals that are kept, newest first. The bound holds however many host ids workers use. */
    public static final int KEPT_MAX = 1_000;

    /** Time for which a refusal is kept. */
    public static final Duration KEPT_FOR = Duration.ofDays(1);

    public Asking asking() {
        return new Asking(hostId, storeId);
    }

    /** The worker that asks. A host id may be refused with one store and accepted with another. */
    public record Asking(HostId hostId, StoreId storeId) implements Comparable<Asking> {
        private static final Comparator<Asking> ORDER = Comparator.comparing(Asking::hostId).thenComparing(Asking::storeId);

        public static Asking of(JoinRequest request) {
            return new Asking(request.hostId(), request.storeId());
        }

        @Override
        public int compareTo(Asking other) {
            return ORDER.compare(this, other);
        }
    }
}
