package dev.spillway.registry.model;

import dev.spillway.events.EvictionId;
import dev.spillway.events.OrderCause;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The open order to delete a replica.
 *
 * @param evictionId    the eviction behind it; absent for an orphan and for a relief
 * @param attempts      number of attempts
 * @param nextAttemptAt time of the next attempt, unless it is closed by then
 * @param lastError     the host's last error, if it could not carry out the order
 * @param deferredUntil end of the last hold on the image, as its host reported it
 */
@RecordBuilder
public record OpenOrder(
        @Nullable EvictionId evictionId,
        OrderCause cause,
        Instant at,
        int attempts,
        Instant nextAttemptAt,
        @Nullable String lastError,
        @Nullable Instant deferredUntil) implements OpenOrderBuilder.With {
    /** Number of attempts without a report after which orders over Kafka may not reach the host. */
    public static final int ATTEMPTS_IN_VAIN = 2;

    /** Stands for no due time: the order waits for an event instead. */
    public static final Instant WAITING = Instant.parse("9999-12-31T00:00:00Z");

    /** Reason of an order that waits for hosts after a restore. */
    public static final String UNHEARD = "waits until every host was heard since the registry was restored";

    /** Creates an order that waits until all hosts were heard since the registry was restored. */
    public static OpenOrder waiting(@Nullable EvictionId evictionId, OrderCause cause, Instant at) {
        return new OpenOrder(evictionId, cause, at, 0, WAITING, UNHEARD, null);
    }

    /** Returns whether it waits for an event, see {@link #WAITING}. */
    public boolean isWaiting() {
        return nextAttemptAt.equals(WAITING);
    }

    /**
     * Returns whether the answer to its host's heartbeat carries it. It does if the order is due, or if several attempts had no report and the next
     * is due soon. Without the second rule the publisher would always claim the order first, and a host that Kafka does not reach would never get it.
     * Other reports of the host do not prove that Kafka reaches it: they may come from another process, on a newer copy of the store.
     *
     * @param soon no earlier than the host's next heartbeat
     */
    public boolean isForHeartbeat(Instant now, Instant soon) {
        return !nextAttemptAt.isAfter(attempts < ATTEMPTS_IN_VAIN ? now : soon);
    }

    public OpenOrder released(Instant now) {
        return with(copy -> copy.nextAttemptAt(now).lastError(null));
    }

    public OpenOrder attempted(Instant next) {
        return with(copy -> copy.attempts(attempts + 1).nextAttemptAt(next));
    }

    public OpenOrder dueAt(Instant next) {
        return withNextAttemptAt(next);
    }

    public OpenOrder deferred(Instant until) {
        return with(copy -> copy.nextAttemptAt(until).lastError(null).deferredUntil(until));
    }

    public OpenOrder failed(String why) {
        return withLastError(why);
    }
}
