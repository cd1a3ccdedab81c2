package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.table.EvictionTable;
import dev.spillway.coordinator.postgres.table.OrderTable;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.PlanId;
import dev.spillway.events.ReplicaId;
import dev.spillway.registry.JsonSize;
import dev.spillway.registry.RegistryQueries.EvictionFilter;
import dev.spillway.registry.RegistryQueries.EvictionView;
import dev.spillway.registry.RegistryQueries.OrderView;
import dev.spillway.registry.RegistryQueries.Page;
import dev.spillway.registry.model.Actor;
import dev.spillway.registry.model.Eviction;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Gatherers;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.result.ResultIterator;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

import static dev.spillway.registry.RegistryQueries.LIMIT_MAX;
import static dev.spillway.registry.RegistryQueries.ORDERS_IN_LISTS_MAX;

/** Evictions with their orders, in one read transaction. Not thread-safe. */
final class EvictionReading {
    /** Condition that an eviction has an open order. Its replicas are found by the generation that it ended. */
    private static final String HAS_OPEN_ORDER =
            "EXISTS (SELECT FROM replicas r WHERE r.generation = e.generation AND r.eviction_id = e.eviction_id)";

    private static final String IS_OPEN = "(e.unfinished OR " + HAS_OPEN_ORDER + ")";

    private static final String EVICTIONS = "SELECT " + EvictionTable.COLUMNS + ", " + IS_OPEN + " AS is_open FROM evictions e WHERE ";

    /** Number of open orders up to which open evictions are found through them. Beyond it, the newest evictions contain enough open ones. */
    private static final int FEW = 10_000;

    private static final String OPEN_ORDERS =
            """
                    SELECT count(*) FROM (
                        SELECT FROM open_orders UNION ALL SELECT FROM evictions WHERE unfinished LIMIT :limit) AS open_orders""";

    private static final String AMONG_FEW =
            """
                    AND e.eviction_id = ANY(ARRAY(
                        SELECT r.eviction_id FROM open_orders o JOIN replicas r ON r.replica_id = o.replica_id
                        UNION SELECT u.eviction_id FROM evictions u WHERE u.unfinished))""";

    /** Finds the newest open evictions if there are few open orders. */
    static final String FEW_OPEN =
            EVICTIONS + "e.number < :before AND " + IS_OPEN + " " + AMONG_FEW + " ORDER BY e.number DESC LIMIT :limit";

    /** Upper bound on the evictions that one page searches if the filter depends on their orders, because the replicas of each are read. */
    static final int WALK_MAX = 10_000;

    /**
     * Condition that a host has an order of the eviction. {@code OFFSET 0} is an optimization fence: without it, the planner would read the host's
     * whole history for each page.
     */
    private static final String OF_HOST =
            """
                    AND EXISTS (SELECT FROM (
                        SELECT r.host_id FROM replicas r WHERE r.generation = e.generation AND r.eviction_id = e.eviction_id
                        UNION ALL SELECT c.host_id FROM replica_history c WHERE c.eviction_id = e.eviction_id OFFSET 0) AS o WHERE o.host_id = :host)""";

    private static final String ORDERS =
            """
                    SELECT ev.id, o.* FROM unnest(:ids, :generations) AS ev (id, generation) CROSS JOIN LATERAL (
                        SELECT r.replica_id, r.host_id,
                            CASE WHEN w.waits THEN 'WAITING' WHEN r.deferred_until IS NULL THEN 'OPEN' ELSE 'DEFERRED' END AS state, r.attempts,
                            CASE WHEN NOT w.waits THEN r.next_attempt_at END AS next_attempt_at, CASE WHEN NOT w.waits THEN r.last_error END AS last_error,
                            r.deferred_until, NULL::timestamptz AS closed_at
                        FROM replicas r CROSS JOIN LATERAL (SELECT r.next_attempt_at = %s AS waits) AS w
                        WHERE r.generation = ev.generation AND r.eviction_id = ev.id
                        UNION ALL
                        SELECT c.replica_id, c.host_id, c.result, c.attempts, NULL, c.last_error, NULL, c.closed_at
                        FROM replica_history c WHERE c.eviction_id = ev.id
                        ORDER BY closed_at NULLS FIRST, replica_id LIMIT :limit) AS o"""
                    .formatted(OrderTable.WAITING_AT);

    private record Found(Eviction eviction, long number, boolean open) {
        EvictionFact fact() {
            return eviction.fact();
        }
    }

    private record Shown(long number, EvictionView view) {}

    /** Number of evictions that are read at once, each with up to {@value RegistryQueries#ORDERS_IN_LISTS_MAX} orders. */
    private static final int PORTION = 50;

    private static final RowMapper<Found> FOUND = (row, context) -> new Found(
            new Eviction(EvictionTable.MAPPER.map(row, context), new Actor(row.getString("actor")), plan(row)),
            row.getLong("number"),
            row.getBoolean("is_open"));

    private record OrderOf(EvictionId eviction, OrderView order) {}

    private static final RowMapper<OrderOf> ORDER = (row, context) -> new OrderOf(
            new EvictionId(Columns.uuid(row, "id")),
            new OrderView(
                    new ReplicaId(Columns.uuid(row, "replica_id")),
                    new HostId(row.getString("host_id")),
                    row.getString("state"),
                    row.getInt("attempts"),
                    Columns.nullableInstant(row, "next_attempt_at"),
                    row.getString("last_error"),
                    Columns.nullableInstant(row, "deferred_until"),
                    Columns.nullableInstant(row, "closed_at")));

    private final Handle handle;

    EvictionReading(Handle handle) {
        this.handle = handle;
    }

    Optional<EvictionView> one(EvictionId id) {
        List<Found> found = handle.createQuery(EVICTIONS + "e.eviction_id = :id").bind("id", id.value()).map(FOUND).list();
        Map<EvictionId, List<OrderView>> orders = orders(found, LIMIT_MAX);
        return found.stream().findFirst().map(eviction -> view(eviction, orders));
    }

    Page<EvictionView> page(EvictionFilter filter, long before, int limit) {
        String state = filter.state();
        if (state != null && !state.equals("open") && !state.equals("closed")) {
            throw new InvalidValueException("state", state, "open or closed");
        }
        boolean open = "open".equals(state);
        boolean fewOpen = open && fewAreOpen();
        // The conditions that an index supports.
        String indexed = "e.number < :before" + (filter.namespace() == null ? "" : " AND e.namespace = :namespace")
        // The cause is a literal, so that the planner can choose a partial index. It is the name of an enum constant, so this is safe.
                + (filter.cause() == null ? "" : " AND e.cause = '" + filter.cause() + "'")
                + (filter.planId() == null ? "" : " AND e.plan_id = :plan");
        boolean walks = !fewOpen && (state != null || filter.hostId() != null);
        Long to = walks ? endOfWalk(indexed, filter, before) : null;
        String sql = EVICTIONS + indexed + " AND e.number >= :to" + (state == null ? "" : " AND " + (open ? "" : "NOT ") + IS_OPEN)
                + (fewOpen ? " " + AMONG_FEW : "") + (filter.hostId() == null ? "" : " " + OF_HOST)
                + " ORDER BY e.number DESC LIMIT :limit";
        Query query =
                bound(handle.createQuery(sql), filter).bind("before", before).bind("to", to == null ? 0 : to).bind("limit", limit + 1);
        if (filter.hostId() != null) {
            query.bind("host", filter.hostId().value());
        }
        try (ResultIterator<Found> found = query.setFetchSize(PORTION).map(FOUND).iterator()) {
            return Page.of(withOrders(found), limit, eviction -> Long.toString(eviction.number()), Shown::view, JsonSize::of)
                    .goingOn(to);
        }
    }

    /** Adds the orders to evictions, reading those of {@link #PORTION} evictions at a time. */
    private Iterator<Shown> withOrders(Iterator<Found> found) {
        return Stream.iterate(found, Iterator::hasNext, rest -> rest)
                .map(Iterator::next)
                .gather(Gatherers.windowFixed(PORTION))
                .flatMap(portion -> {
                    Map<EvictionId, List<OrderView>> orders = orders(portion, ORDERS_IN_LISTS_MAX);
                    return portion.stream().map(eviction -> new Shown(eviction.number(), view(eviction, orders)));
                })
                .iterator();
    }

    /** Returns the number of the last eviction that a page searches; null if the page reaches the end. */
    private @Nullable Long endOfWalk(String indexed, EvictionFilter filter, long before) {
        return bound(
                handle.createQuery(
                        "SELECT e.number FROM evictions e WHERE " + indexed + " ORDER BY e.number DESC OFFSET :walk - 1 LIMIT 1"),
                filter)
                .bind("before", before)
                .bind("walk", WALK_MAX)
                .mapTo(Long.class)
                .findOne()
                .orElse(null);
    }

    private static Query bound(Query query, EvictionFilter filter) {
        if (filter.namespace() != null) {
            query.bind("namespace", filter.namespace().value());
        }
        return filter.planId() == null ? query : query.bind("plan", filter.planId().value());
    }

    private boolean fewAreOpen() {
        return handle.createQuery(OPEN_ORDERS).bind("limit", FEW + 1).mapTo(Integer.class).one() <= FEW;
    }

    private static @Nullable PlanId plan(ResultSet row) throws SQLException {
        UUID id = Columns.nullableUuid(row, "plan_id");
        return id == null ? null : new PlanId(id);
    }

    private static EvictionView view(Found found, Map<EvictionId, List<OrderView>> orders) {
        return new EvictionView(
                found.fact(),
                found.eviction().actor(),
                found.eviction().planId(),
                found.open(),
                List.copyOf(orders.getOrDefault(found.fact().id(), List.of())));
    }

    private Map<EvictionId, List<OrderView>> orders(List<Found> of, int ofEachMax) {
        Map<EvictionId, List<OrderView>> orders = new HashMap<>();
        if (!of.isEmpty()) {
            Columns.of(of)
                    .uuids("ids", found -> found.fact().id().value())
                    .longs("generations", found -> found.fact().generation())
                    .bindTo(handle.createQuery(ORDERS))
                    .bind("limit", ofEachMax)
                    .map(ORDER)
                    .forEach(order -> orders.computeIfAbsent(order.eviction(), id -> new ArrayList<>()).add(order.order()));
        }
        return orders;
    }
}
