package dev.spillway.coordinator.postgres.table;

import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.statement.Script;
import dev.spillway.events.HostId;
import dev.spillway.events.ReplicaId;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.OpenOrder;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.store.OrderRows;
import dev.spillway.registry.store.Rows.DueOrder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.jdbi.v3.core.Handle;

/** Doomed rows as orders, found by the time of their next attempt, in one transaction. Not thread-safe. */
public final class OrderTable implements OrderRows {
    /** Finds the orders for a heartbeat. Rows are locked one by one, so that rows locked by others do not use up the limit. */
    public static final String FOR_HEARTBEATS = "SELECT " + ReplicaTable.COLUMNS
            + """
                    FROM unnest(:hosts, :limits) AS asking (host_id, most)
                    CROSS JOIN LATERAL (
                        SELECT r.* FROM (
                            SELECT o.replica_id FROM open_orders o WHERE o.host_id = asking.host_id AND o.next_attempt_at <= :soon
                            ORDER BY o.doomed_at, o.replica_id) AS o
                        CROSS JOIN LATERAL (
                            SELECT * FROM replicas r
                            WHERE r.replica_id = o.replica_id AND r.doom_cause IS NOT NULL
                                AND (r.next_attempt_at <= :now OR r.attempts >= %d AND r.next_attempt_at <= :soon)
                            FOR UPDATE SKIP LOCKED) AS r
                        LIMIT asking.most) AS r""".formatted(OpenOrder.ATTEMPTS_IN_VAIN);

    /**
     * Finds due orders without locks. It steps from host to host among those with orders. So its cost depends neither on the size of the fleet nor on
     * the orders of hosts that are away.
     */
    public static final String DUE_CANDIDATES = """
            WITH RECURSIVE ordered (host_id) AS (
                SELECT min(host_id) FROM open_orders
                UNION ALL
                SELECT (SELECT min(o.host_id) FROM open_orders o WHERE o.host_id > ordered.host_id)
                FROM ordered WHERE ordered.host_id IS NOT NULL)
            SELECT due.replica_id FROM ordered JOIN hosts h ON h.host_id = ordered.host_id AND h.state = 'ACTIVE'
            CROSS JOIN LATERAL (
                SELECT o.replica_id, o.next_attempt_at FROM open_orders o
                WHERE o.host_id = ordered.host_id AND o.next_attempt_at <= :now
                ORDER BY o.next_attempt_at, o.replica_id LIMIT :limit) AS due
            ORDER BY due.next_attempt_at, due.replica_id LIMIT :limit""";

    public static final String DUE_LOCKED = "SELECT " + ReplicaTable.COLUMNS + """
            FROM replicas r WHERE r.replica_id = ANY(:ids) AND r.doom_cause IS NOT NULL AND r.next_attempt_at <= :now
            ORDER BY r.next_attempt_at, r.replica_id FOR UPDATE SKIP LOCKED""";

    /** {@link OpenOrder#WAITING} as a literal in statements, so that the planner can choose the partial index of waiting orders. */
    public static final String WAITING_AT = "'" + OpenOrder.WAITING + "'::timestamptz";

    /** Finds the orders that wait for an event, see {@link OpenOrder#WAITING}. */
    public static final String WAITING = "SELECT " + ReplicaTable.COLUMNS
            + """
                    FROM replicas r WHERE r.replica_id = ANY(ARRAY(
                        SELECT o.replica_id FROM open_orders o WHERE o.next_attempt_at = %1$s ORDER BY o.replica_id LIMIT :limit))
                    AND r.next_attempt_at = %1$s ORDER BY r.replica_id FOR UPDATE SKIP LOCKED""".formatted(WAITING_AT);

    private final Handle handle;
    private final Instant now;
    private final ReplicaTable replicas;

    /** @param replicas is told of every row that is locked here */
    OrderTable(Handle handle, Instant now, ReplicaTable replicas) {
        this.handle = handle;
        this.now = now;
        this.replicas = replicas;
    }

    @Override
    public long countOrders(HostId host, int atMost) {
        return handle.createQuery("""
                SELECT count(*) FROM (
                    SELECT FROM open_orders o WHERE o.host_id = :host LIMIT :atMost) AS orders""")
                .bind("host", host.value())
                .bind("atMost", atMost)
                .mapTo(Long.class)
                .one();
    }

    @Override
    public Map<HostId, List<ReplicaRow>> lockOrdersForHeartbeats(SortedMap<HostId, Integer> limits, Instant soon) {
        Map<HostId, List<ReplicaRow>> found = new HashMap<>();
        limits.keySet().forEach(host -> found.put(host, new ArrayList<>()));
        Columns.of(limits.entrySet())
                .texts("hosts", Map.Entry::getKey)
                .ints("limits", Map.Entry::getValue)
                .bindTo(handle.createQuery(FOR_HEARTBEATS))
                .bind("now", now)
                .bind("soon", soon)
                .map(ReplicaTable.MAPPER)
                .forEach(row -> found.computeIfAbsent(row.hostId(), ignored -> new ArrayList<>()).add(row));
        found.values().forEach(replicas::locked);
        return found;
    }

    @Override
    public List<DueOrder> lockDueOrders(int limit) {
        List<ReplicaId> candidates = handle.createQuery(DUE_CANDIDATES)
                .bind("now", now)
                .bind("limit", limit)
                .map((row, context) -> new ReplicaId(Columns.uuid(row, "replica_id")))
                .list();
        if (candidates.isEmpty()) {
            return List.of();
        }
        List<ReplicaRow> due = Columns.of(candidates)
                .uuids("ids", ReplicaId::value)
                .bindTo(handle.createQuery(DUE_LOCKED))
                .bind("now", now)
                .map(ReplicaTable.MAPPER)
                .list();
        replicas.locked(due);
        Map<HostId, HostRow> hosts = new HashMap<>();
        Columns.of(due.stream().map(ReplicaRow::hostId).distinct().toList())
                .texts("ids", id -> id)
                .bindTo(
                        handle
                                .createQuery(
                                        "SELECT " + HostTable.COLUMNS + " FROM hosts h WHERE h.host_id = ANY(:ids) AND h.state = 'ACTIVE'"))
                .map(HostTable.MAPPER)
                .forEach(host -> hosts.put(host.id(), host));
        List<DueOrder> orders = new ArrayList<>();
        for (ReplicaRow row : due) {
            HostRow host = hosts.get(row.hostId());
            if (host != null) {
                orders.add(new DueOrder(row, host));
            }
        }
        return orders;
    }

    @Override
    public List<ReplicaRow> lockWaitingOrders(int limit) {
        List<ReplicaRow> found = handle.createQuery(WAITING).bind("limit", limit).map(ReplicaTable.MAPPER).list();
        replicas.locked(found);
        return found;
    }

    void makeDue(Collection<HostId> hosts, Script script) {
        Columns<HostId> columns = Columns.of(hosts).texts("hosts", id -> id).times("now", ignored -> now);
        columns.addTo(script, """
                WITH due AS MATERIALIZED (
                    SELECT r.replica_id FROM replicas r
                    WHERE r.replica_id = ANY(ARRAY(
                            SELECT o.replica_id FROM open_orders o WHERE o.host_id = ANY(:hosts) AND o.next_attempt_at > (:now)[1]
                                AND o.next_attempt_at < %s))
                        AND r.doom_cause IS NOT NULL AND r.next_attempt_at > (:now)[1]
                    ORDER BY r.replica_id FOR UPDATE)
                UPDATE replicas r SET next_attempt_at = (:now)[1] FROM due WHERE r.replica_id = due.replica_id""".formatted(WAITING_AT));
        // The statement covers the rows that the previous one changed.
        columns.addTo(
                script,
                """
                        UPDATE open_orders o SET next_attempt_at = r.next_attempt_at FROM replicas r
                        WHERE o.host_id = ANY(:hosts) AND o.next_attempt_at > (:now)[1] AND r.replica_id = o.replica_id AND r.next_attempt_at = (:now)[1]""");
    }
}
