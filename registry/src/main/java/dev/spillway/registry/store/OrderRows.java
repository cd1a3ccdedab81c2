package dev.spillway.registry.store;

import dev.spillway.events.HostId;
import dev.spillway.registry.model.OpenOrder;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.store.Rows.DueOrder;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** Open orders as stored: doomed rows of replicas. Locks and reads as {@link Rows} says. */
public interface OrderRows {
    /**
     * Locks the doomed rows of each host that its heartbeat carries ({@link OpenOrder#isForHeartbeat}), oldest doom first, up to its limit. Skips those
     * locked elsewhere.
     */
    Map<HostId, List<ReplicaRow>> lockOrdersForHeartbeats(SortedMap<HostId, Integer> limits, Instant soon);

    /** Locks due doomed rows of ACTIVE hosts, most overdue first. Skips those locked elsewhere. */
    List<DueOrder> lockDueOrders(int limit);

    /** Orders that wait until all hosts were heard, locked; those locked elsewhere are passed over. */
    List<ReplicaRow> lockWaitingOrders(int limit);

    /** Counts the doomed rows of a host, up to {@code atMost}. */
    long countOrders(HostId host, int atMost);
}
