package dev.spillway.coordinator.core;

import dev.spillway.events.HostId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;

/**
 * A worker asked to join, and was refused: the last time that it did.
 *
 * @param address address of its HTTP, as it says
 * @param detail  reason and way out
 */
public record JoinRefusal(HostId hostId, StoreId storeId, String address, JoinAnswer.Reason reason, String detail, Instant at) {
    /** Workers that are refused ask again long before it is over; one that has not asked for so long does not any more. */
    public static final Duration SHOWN_FOR = Duration.ofMinutes(10);

    /** Number of refusals kept, the latest ones, under however many names workers ask. */
    public static final int KEPT_MAX = 1_000;

    /** Time for which a refusal is kept. */
    public static final Duration KEPT_FOR = Duration.ofDays(1);

    Asking asking() {
        return new Asking(hostId, storeId);
    }

    /** The worker that asks. One host id may be refused with one store and taken with another. */
    public record Asking(HostId hostId, StoreId storeId) implements Comparable<Asking> {
        private static final Comparator<Asking> ORDER = Comparator.comparing(Asking::hostId).thenComparing(Asking::storeId);

        static Asking of(JoinRequest request) {
            return new Asking(request.hostId(), request.storeId());
        }

        @Override
        public int compareTo(Asking other) {
            return ORDER.compare(this, other);
        }
    }
}
