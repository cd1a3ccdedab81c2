package dev.spillway.events.protocol;

import dev.spillway.events.MessageKey;
import dev.spillway.events.Order;
import dev.spillway.events.ReplicaId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the registry has for a host that was heard.
 *
 * @param acknowledged ids of closing reports that need not be sent again
 * @param orders       open orders that are due, oldest first
 * @param policies     all policies, if they changed
 * @param intervals    the rhythm that the registry asks for now
 * @param draining     whether the host takes nothing new
 * @param messageKey   as that of {@link JoinAnswer.Joined}, again, because the registry's secret may be another one now
 */
public record HeartbeatAnswer(List<ReplicaId> acknowledged, List<Order> orders, int partition, @Nullable PolicySet policies,
        boolean reconcile, Intervals intervals, boolean draining, @Nullable MessageKey messageKey) {
    /** Tells everything but the key. */
    public HeartbeatAnswer(List<ReplicaId> acknowledged, List<Order> orders, int partition, @Nullable PolicySet policies,
            boolean reconcile, Intervals intervals, boolean draining) {
        this(acknowledged, orders, partition, policies, reconcile, intervals, draining, null);
    }

    /** Returns the same answer with the host's key. */
    public HeartbeatAnswer with(MessageKey key) {
        return new HeartbeatAnswer(acknowledged, orders, partition, policies, reconcile, intervals, draining, key);
    }
}
