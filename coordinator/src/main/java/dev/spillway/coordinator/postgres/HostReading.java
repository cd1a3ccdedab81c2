package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.table.HostTable;
import dev.spillway.coordinator.postgres.table.RegistryTable;
import dev.spillway.coordinator.postgres.table.ReplicaTable;
import dev.spillway.events.HostId;
import dev.spillway.registry.JsonSize;
import dev.spillway.registry.OrderCursor;
import dev.spillway.registry.RegistryQueries.HostView;
import dev.spillway.registry.RegistryQueries.LastCopies;
import dev.spillway.registry.RegistryQueries.OpenOrderView;
import dev.spillway.registry.RegistryQueries.Page;
import dev.spillway.registry.RegistryQueries.RestoreWait;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.HostState;
import dev.spillway.registry.model.RegistryRow;
import dev.spillway.registry.model.Sighting;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** Reads hosts with the counts of their replicas and open orders, in one read transaction. Not thread-safe. */
final class HostReading {
    /**
     * Number of replicas in the fleet above which lists use the counts that hosts report with heartbeats, because counting the rows takes seconds.
     */
    private static final long MANY = 100_000;

    /** Counts the rows of all hosts, or only of those that drain or are retired. */
    private static final String VIEWS = "SELECT " + HostTable.COLUMNS
            + """
                    , CASE WHEN c.is_counted THEN r.open_rows ELSE h.replicas END AS open_rows,
                    CASE WHEN c.is_counted THEN r.open_bytes ELSE h.bytes END AS open_bytes, o.open_orders, o.oldest, now() AS now,
                    (SELECT f.last_error FROM (
                        SELECT old.replica_id, old.doomed_at FROM open_orders old
                        WHERE old.host_id = h.host_id AND old.doomed_at < now() - :failingFor * interval '1 second' ORDER BY old.doomed_at LIMIT :failingAmong) AS old
                     JOIN replicas f ON f.replica_id = old.replica_id AND f.last_error LIKE 'FAILED%'
                     ORDER BY old.doomed_at LIMIT 1) AS failing
                    FROM hosts h CROSS JOIN LATERAL (SELECT NOT :many OR h.draining_since IS NOT NULL OR h.state = 'RETIRED' AS is_counted) AS c
                    CROSS JOIN LATERAL (
                        SELECT count(*) AS open_rows, coalesce(sum(r.size_bytes), 0)::bigint AS open_bytes
                        FROM replicas r WHERE r.host_id = h.host_id AND c.is_counted) AS r
                    CROSS JOIN LATERAL (
                        SELECT count(*) AS open_orders, min(o.doomed_at) AS oldest FROM open_orders o WHERE o.host_id = h.host_id) AS o""";

    /** Counts the LIVE rows of a host that are last copies. For each row, the other replicas are found by its generation. */
    static final String LAST_COPIES = """
            SELECT count(*) AS copies, coalesce(sum(l.size_bytes), 0)::bigint AS bytes FROM (
                SELECT r.size_bytes, NOT
            """ + ReplicaTable.HELD_ELSEWHERE + """
             AS is_last FROM replicas r WHERE r.host_id = :host AND r.doom_cause IS NULL OFFSET 0) AS l
            WHERE l.is_last""";

    static final String BY_STATE = "SELECT " + HostTable.COLUMNS + " FROM hosts h";

    /** Finds a page of a host's orders. The narrow rows of {@code open_orders} are searched, and only the replicas of the page are read. */
    static final String ORDERS = "SELECT " + ReplicaTable.COLUMNS + """
            FROM (
                SELECT o.doomed_at, o.replica_id FROM open_orders o WHERE o.host_id = :host AND (o.doomed_at, o.replica_id) > (:at, :id)
                ORDER BY o.doomed_at, o.replica_id LIMIT :limit) AS o
            JOIN replicas r ON r.replica_id = o.replica_id ORDER BY o.doomed_at, o.replica_id""";

    private static final String UNHEARD = """
            SELECT h.host_id, count(*) OVER () AS unheard FROM hosts h WHERE h.state <> 'RETIRED' AND h.readopted_epoch < :epoch
            ORDER BY h.host_id LIMIT :limit""";

    private record Counted(
            HostRow row,
            long replicas,
            long bytes,
            long openOrders,
            @Nullable Instant oldest,
            @Nullable String failing,
            Instant now) {}

    private record Unheard(HostId host, long inAll) {}

    private static final RowMapper<Counted> COUNTED = (row, context) -> new Counted(
            HostTable.MAPPER.map(row, context),
            row.getLong("open_rows"),
            row.getLong("open_bytes"),
            row.getLong("open_orders"),
            Columns.nullableInstant(row, "oldest"),
            row.getString("failing"),
            Columns.instant(row, "now"));

    private final Handle handle;

    HostReading(Handle handle) {
        this.handle = handle;
    }

    List<HostView> all(KnownLastCopies known) {
        boolean many = handle.createQuery("SELECT coalesce(sum(replicas), 0) > :many FROM hosts")
                .bind("many", MANY)
                .mapTo(Boolean.class)
                .one();
        return views(" ORDER BY h.host_id", many)
                .map(COUNTED)
                .list()
                .stream()
                .map(host -> view(host, known))
                .toList();
    }

    Optional<HostView> one(HostId id, KnownLastCopies known) {
        return views(" WHERE h.host_id = :id", false).bind("id", id.value())
                .map(COUNTED)
                .findOne()
                .map(host -> view(host, known));
    }

    private Query views(String which, boolean many) {
        return handle.createQuery(VIEWS + which)
                .bind("many", many)
                .bind("failingFor", HostView.FAILING_FOR.toSeconds())
                .bind("failingAmong", HostView.FAILING_AMONG);
    }

    private HostView view(Counted host, KnownLastCopies known) {
        HostRow row = host.row();
        long live = host.replicas() - host.openOrders();
        LastCopies last = known.of(row, host.now(), () -> lastCopies(row.id(), live, host.now()));
        return new HostView(row, host.replicas(), host.bytes(), host.openOrders(), host.oldest(), host.failing(), last);
    }

    private LastCopies lastCopies(HostId host, long live, Instant now) {
        return handle.createQuery(LAST_COPIES)
                .bind("host", host.value())
                .map((row, context) -> new LastCopies(row.getLong("copies"), row.getLong("bytes"), live, now))
                .one();
    }

    Map<HostState, Long> byState() {
        return HostState.count(handle.createQuery(BY_STATE).map(HostTable.MAPPER).list());
    }

    Map<Sighting.Kind, Long> discrepancies() {
        Map<Sighting.Kind, Long> counts = new EnumMap<>(Sighting.Kind.class);
        handle.createQuery("SELECT kind, count(*) AS waiting FROM sightings GROUP BY kind")
                .map((row, context) -> counts.put(Sighting.Kind.valueOf(row.getString("kind")), row.getLong("waiting")))
                .list();
        return counts;
    }

    Page<OpenOrderView> orders(HostId host, OrderCursor behind, int limit) {
        Query query = handle.createQuery(ORDERS)
                .bind("host", host.value())
                .bind("at", behind.orderedAt())
                .bind("id", behind.replicaId().value());
        return PostgresQueries.page(
                query,
                ReplicaTable.MAPPER,
                limit,
                row -> OpenOrderView.of(row).cursor().toString(),
                OpenOrderView::of,
                JsonSize::of);
    }

    Optional<RestoreWait> waiting(Duration grace) {
        RegistryRow registry = RegistryTable.read(handle);
        Instant restoredAt = registry.restoredAt();
        if (restoredAt == null) {
            return Optional.empty();
        }
        List<Unheard> unheard = handle.createQuery(UNHEARD)
                .bind("epoch", registry.epoch())
                .bind("limit", RestoreWait.NAMED_MAX)
                .map((row, context) -> new Unheard(new HostId(row.getString("host_id")), row.getLong("unheard")))
                .list();
        return Optional.of(
                new RestoreWait(
                        restoredAt.plus(grace),
                        unheard.isEmpty() ? 0 : unheard.getFirst().inAll(),
                        unheard.stream().map(Unheard::host).toList()));
    }
}
