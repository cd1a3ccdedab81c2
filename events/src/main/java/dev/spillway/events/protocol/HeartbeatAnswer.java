package dev.spillway.events.protocol;

import dev.spillway.events.Order;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.codec.MessageKey;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Answers a heartbeat with everything that the registry has for the host.
 *
 * @param acknowledged ids of closing reports that need not be sent again
 * @param orders       open orders that are due, oldest first
 * @param policies     all policies, if they changed
 * @param intervals    intervals that the registry asks for now
 * @param draining     whether the host takes nothing new
 * @param messageKey   key of the host's messages, as in {@link JoinAnswer.Joined}. It is sent again because the registry's secret may have changed
 */
public record HeartbeatAnswer(
        List<ReplicaId> acknowledged,
        List<Order> orders,
        int partition,
        @Nullable PolicySet policies,
        boolean reconcile,
        Intervals intervals,
        boolean draining,
        @Nullable MessageKey messageKey) {
    /** Creates an answer without the key. */
    public HeartbeatAnswer(
            List<ReplicaId> acknowledged,
            List<Order> orders,
            int partition,
            @Nullable PolicySet policies,
            boolean reconcile,
            Intervals intervals,
            boolean draining) {
        this(acknowledged, orders, partition, policies, reconcile, intervals, draining, null);
    }

    /** Returns the same answer with the host's key. */
    public HeartbeatAnswer with(MessageKey key) {
        return new HeartbeatAnswer(acknowledged, orders, partition, policies, reconcile, intervals, draining, key);
    }
}
