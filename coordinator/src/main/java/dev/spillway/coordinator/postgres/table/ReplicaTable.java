package dev.spillway.coordinator.postgres.table;

import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.statement.Script;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.OrderCause;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.registry.model.ClosedReplica;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Holding;
import dev.spillway.registry.model.OpenOrder;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.store.ReplicaRows;
import dev.spillway.registry.store.Rows.Holders;
import dev.spillway.registry.store.Rows.Recording;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** Recorded replica ids, open replica rows and the history of closed ones, in one transaction. Not thread-safe. */
public final class ReplicaTable implements ReplicaRows {
    public static final String COLUMNS =
            "r.replica_id, r.host_id, r.namespace, r.key, r.snapshot_id, r.generation, r.size_bytes, r.registered_at, "
                    + "r.doom_cause, r.eviction_id, r.doomed_at, r.attempts, r.next_attempt_at, r.last_error, r.deferred_until ";

    public static final RowMapper<ReplicaRow> MAPPER = (row, context) -> new ReplicaRow(
            new ReplicaId(Columns.uuid(row, "replica_id")),
            new HostId(row.getString("host_id")),
            name(row),
            new SnapshotId(row.getString("snapshot_id")),
            row.getLong("generation"),
            row.getLong("size_bytes"),
            Columns.instant(row, "registered_at"),
            doom(row));

    /** Columns that {@link #holder} reads besides those of the entry. */
    static final String COLUMNS_BESIDE_ENTRY =
            "r.replica_id, r.host_id, r.snapshot_id AS replica_snapshot_id, r.size_bytes AS replica_size_bytes, r.registered_at ";

    public static final String RECORD = """
            INSERT INTO replica_ids (replica_id, host_id, incarnation, recorded_at)
            SELECT u.id, u.host, u.incarnation, :now
            FROM (SELECT unnest(:ids), unnest(:hosts), unnest(:incarnations)) AS u (id, host, incarnation) ORDER BY u.id
            ON CONFLICT DO NOTHING RETURNING replica_id""";

    public static final String LIVE = "SELECT " + COLUMNS + """
            FROM unnest(:namespaces, :keys, :generations) AS held (namespace, key, generation)
            CROSS JOIN LATERAL (
                SELECT * FROM replicas r
                WHERE r.generation = held.generation AND r.namespace = held.namespace AND r.key = held.key AND r.doom_cause IS NULL
                ORDER BY r.replica_id LIMIT :limit FOR UPDATE) AS r""";

    private static final String ADD =
            """
                    INSERT INTO replicas AS r (replica_id, host_id, namespace, key, snapshot_id, generation, size_bytes, registered_at, doom_cause, eviction_id,
                        doomed_at, attempts, last_error, next_attempt_at, deferred_until)
                    SELECT unnest(:id), unnest(:host), unnest(:namespace), unnest(:key), unnest(:snapshot), unnest(:generation), unnest(:size),
                        unnest(:registered), unnest(:cause), unnest(:eviction), unnest(:doomed), unnest(:attempts), unnest(:error), unnest(:next),
                        unnest(:deferred)""";

    private static final String CHANGE = """
            UPDATE replicas r SET doom_cause = u.doom_cause, eviction_id = u.eviction_id, doomed_at = u.doomed_at, attempts = u.attempts,
                next_attempt_at = u.next_attempt_at, last_error = u.last_error, deferred_until = u.deferred_until
            FROM (SELECT unnest(:id), unnest(:cause), unnest(:eviction), unnest(:doomed), unnest(:attempts), unnest(:next), unnest(:error),
                    unnest(:deferred))
                AS u (replica_id, doom_cause, eviction_id, doomed_at, attempts, next_attempt_at, last_error, deferred_until)
            WHERE r.replica_id = u.replica_id""";

    /** Template around a statement that dooms rows, which also adds their open orders. */
    private static final String OPEN = """
            WITH doomed AS (%s RETURNING r.host_id, r.next_attempt_at, r.replica_id, r.doomed_at)
            INSERT INTO open_orders (host_id, next_attempt_at, replica_id, doomed_at) SELECT * FROM doomed""";

    /** Condition that a reliable host other than that of row {@code r} holds its generation; see {@code Rows.heldElsewhere}. */
    public static final String HELD_ELSEWHERE = """
            EXISTS (
                SELECT FROM replicas o JOIN hosts k ON k.host_id = o.host_id
                WHERE o.generation = r.generation AND o.namespace = r.namespace AND o.key = r.key AND o.doom_cause IS NULL
                    AND o.host_id <> r.host_id AND k.state = 'ACTIVE' AND k.draining_since IS NULL AND NOT k.reconcile_first
                    AND k.attention IS NULL
                    AND o.registered_at > (SELECT coalesce(g.restored_at, '-infinity') FROM registry g))""";

    public static final String OF_THEM_HELD_ELSEWHERE = "SELECT r.namespace, r.key, r.generation FROM "
            + "(SELECT u.*, :than AS host_id FROM unnest(:namespaces, :keys, :generations) AS u (namespace, key, generation)) AS r WHERE "
            + HELD_ELSEWHERE;

    private final Handle handle;
    private final VictimPrefetch ahead;
    private final Instant now;
    /** Rows as this transaction read them. */
    private final Map<ReplicaId, ReplicaRow> stored = new HashMap<>();

    ReplicaTable(Handle handle, VictimPrefetch ahead, Instant now) {
        this.handle = handle;
        this.ahead = ahead;
        this.now = now;
    }

    private static EntryName name(ResultSet row) throws SQLException {
        return new EntryName(new NamespaceName(row.getString("namespace")), new EntryKey(row.getString("key")));
    }

    /** Reads the LIVE replica that a result row has beside its entry; null if there is none. */
    static @Nullable ReplicaRow holder(ResultSet row, EntryRow of) throws SQLException {
        UUID id = Columns.nullableUuid(row, "replica_id");
        return id == null ? null
                : new ReplicaRow(
                        new ReplicaId(id),
                        new HostId(row.getString("host_id")),
                        of.name(),
                        new SnapshotId(row.getString("replica_snapshot_id")),
                        of.generation(),
                        row.getLong("replica_size_bytes"),
                        Columns.instant(row, "registered_at"),
                        null);
    }

    private static @Nullable OpenOrder doom(ResultSet row) throws SQLException {
        String cause = row.getString("doom_cause");
        if (cause == null) {
            return null;
        }
        UUID eviction = Columns.nullableUuid(row, "eviction_id");
        return new OpenOrder(
                eviction == null ? null : new EvictionId(eviction),
                OrderCause.valueOf(cause),
                Columns.instant(row, "doomed_at"),
                row.getInt("attempts"),
                Columns.instant(row, "next_attempt_at"),
                row.getString("last_error"),
                Columns.nullableInstant(row, "deferred_until"));
    }

    @Override
    public Set<ReplicaId> record(SortedMap<ReplicaId, Recording> ids) {
        return Script.run(handle, script -> record(ids, script));
    }

    @Override
    public Map<ReplicaId, ReplicaRow> peekReplicas(Collection<ReplicaId> ids) {
        return Script.run(handle, script -> byId("SELECT " + COLUMNS + " FROM replicas r WHERE r.replica_id = ANY(:ids)", ids, script));
    }

    @Override
    public Map<ReplicaId, ReplicaRow> lockReplicas(SortedSet<ReplicaId> ids) {
        return Script.run(handle, script -> lock(ids, script));
    }

    Supplier<Set<ReplicaId>> record(SortedMap<ReplicaId, Recording> ids, Script script) {
        Script.Found<ReplicaId> first = Columns.of(ids.entrySet())
                .uuids("ids", id -> id.getKey().value())
                .texts("hosts", id -> id.getValue().host())
                .longs("incarnations", id -> id.getValue().incarnation())
                .value("now", Columns.time(now))
                .addTo(script, RECORD, (row, context) -> new ReplicaId(Columns.uuid(row, "replica_id")));
        return () -> new HashSet<>(first.rows());
    }

    Supplier<Map<ReplicaId, ReplicaRow>> lock(Collection<ReplicaId> ids, Script script) {
        return byId("SELECT " + COLUMNS + " FROM replicas r WHERE r.replica_id = ANY(:ids) ORDER BY r.replica_id FOR UPDATE", ids, script);
    }

    private Supplier<Map<ReplicaId, ReplicaRow>> byId(String sql, Collection<ReplicaId> ids, Script script) {
        Script.Found<ReplicaRow> rows = Columns.of(ids).uuids("ids", ReplicaId::value).addTo(script, sql, MAPPER);
        return () -> {
            Map<ReplicaId, ReplicaRow> found = new HashMap<>();
            rows.rows().forEach(row -> found.put(row.id(), row));
            stored.putAll(found);
            return found;
        };
    }

    @Override
    public Map<Holding, Holders> lockLiveReplicas(Collection<Holding> holdings, int limitEach) {
        Map<Holding, Holders> found = ahead.holders(holdings);
        found.values().forEach(holders -> locked(holders.first()));
        List<Holding> unread = holdings.stream().filter(holding -> !found.containsKey(holding)).toList();
        if (!unread.isEmpty()) {
            found.putAll(lockLive(unread, limitEach));
        }
        return found;
    }

    private Map<Holding, Holders> lockLive(Collection<Holding> holdings, int limitEach) {
        Map<Holding, List<ReplicaRow>> found = new HashMap<>();
        holdings(holdings, LIVE).bind("limit", limitEach).map(MAPPER).forEach(row -> {
            stored.put(row.id(), row);
            found.computeIfAbsent(new Holding(row.name(), row.generation()), ignored -> new ArrayList<>()).add(row);
        });
        Map<Holding, Holders> holders = new HashMap<>();
        found.forEach((holding, rows) -> holders.put(holding, Holders.ofUpTo(limitEach, rows)));
        return holders;
    }

    /** Records rows that another statement of this transaction has locked. */
    void locked(Collection<ReplicaRow> rows) {
        rows.forEach(row -> stored.put(row.id(), row));
    }

    @Override
    public long countLiveReplicas(Holding holding) {
        return holdings(List.of(holding), """
                SELECT count(*) FROM replicas r JOIN unnest(:namespaces, :keys, :generations) AS held (namespace, key, generation)
                ON r.generation = held.generation AND r.namespace = held.namespace AND r.key = held.key WHERE r.doom_cause IS NULL""")
                .mapTo(Long.class)
                .one();
    }

    @Override
    public Set<Holding> heldElsewhere(Collection<Holding> holdings, HostId than) {
        return new HashSet<>(
                holdings(holdings, OF_THEM_HELD_ELSEWHERE).bind("than", than.value())
                        .map((row, context) -> new Holding(name(row), row.getLong("generation")))
                        .list());
    }

    private Query holdings(Collection<Holding> holdings, String sql) {
        return Columns.of(holdings)
                .texts("namespaces", holding -> holding.name().namespace())
                .texts("keys", holding -> holding.name().key())
                .longs("generations", Holding::generation)
                .bindTo(handle.createQuery(sql));
    }

    @Override
    public long countReplicas(HostId host) {
        return handle.createQuery("SELECT count(*) FROM replicas WHERE host_id = :host").bind("host", host.value()).mapTo(Long.class).one();
    }

    @Override
    public List<ReplicaId> openReplicaIds(HostId host, @Nullable ReplicaId after, int limit) {
        return handle.createQuery("""
                SELECT replica_id FROM replicas WHERE host_id = :host AND replica_id > :after ORDER BY replica_id LIMIT :limit""")
                .bind("host", host.value())
                .bind("after", after == null ? new UUID(0, 0) : after.value())
                .bind("limit", limit)
                .map((row, context) -> new ReplicaId(Columns.uuid(row, "replica_id")))
                .list();
    }

    void write(Collection<ReplicaRow> rows, Script script) {
        List<ReplicaRow> added = new ArrayList<>();
        List<ReplicaRow> addedDoomed = new ArrayList<>();
        List<ReplicaRow> doomed = new ArrayList<>();
        List<ReplicaRow> changed = new ArrayList<>();
        for (ReplicaRow row : rows) {
            if (!stored.containsKey(row.id())) {
                (row.isLive() ? added : addedDoomed).add(row);
            } else {
                (row.isLive() || storedDue(row.id()) != null ? changed : doomed).add(row);
            }
        }
        whole(added).addTo(script, ADD);
        whole(addedDoomed).addTo(script, OPEN.formatted(ADD));
        doomOnly(doomed).addTo(script, OPEN.formatted(CHANGE));
        doomOnly(changed).addTo(script, CHANGE);
        asStored(changed.stream().filter(this::isMoved).toList(), Function.identity())
                .times("next", row -> of(row, OpenOrder::nextAttemptAt))
                .addTo(script, """
                        UPDATE open_orders o SET next_attempt_at = u.next
                        FROM (SELECT unnest(:host), unnest(:due), unnest(:id), unnest(:next)) AS u (host_id, due, replica_id, next)
                        WHERE o.host_id = u.host_id AND o.next_attempt_at = u.due AND o.replica_id = u.replica_id""");
    }

    private boolean isMoved(ReplicaRow row) {
        return !Objects.equals(of(row, OpenOrder::nextAttemptAt), storedDue(row.id()));
    }

    /** Returns the time at which the order was due when this transaction read it; null if there was none. */
    private @Nullable Instant storedDue(ReplicaId id) {
        ReplicaRow row = stored.get(id);
        return row == null ? null : of(row, OpenOrder::nextAttemptAt);
    }

    /** Returns the keys of these rows' open orders, as stored. */
    private <R> Columns<R> asStored(Collection<R> rows, Function<R, ReplicaRow> of) {
        return Columns.of(rows)
                .texts("host", row -> of.apply(row).hostId())
                .times("due", row -> storedDue(of.apply(row).id()))
                .uuids("id", row -> of.apply(row).id().value());
    }

    private static Columns<ReplicaRow> whole(Collection<ReplicaRow> rows) {
        return withNext(doomColumns(identity(rows, Function.identity()), Function.identity()));
    }

    private static Columns<ReplicaRow> doomOnly(Collection<ReplicaRow> rows) {
        return withNext(doomColumns(Columns.of(rows).uuids("id", row -> row.id().value()), Function.identity()));
    }

    private static Columns<ReplicaRow> withNext(Columns<ReplicaRow> columns) {
        return columns.times("next", row -> of(row, OpenOrder::nextAttemptAt)).times("deferred", row -> of(row, OpenOrder::deferredUntil));
    }

    void close(Collection<ClosedReplica> closed, Script script) {
        List<ClosedReplica> ordered = closed.stream().filter(row -> storedDue(row.row().id()) != null).toList();
        asStored(ordered, ClosedReplica::row).addTo(script, """
                DELETE FROM open_orders o USING (SELECT unnest(:host), unnest(:due), unnest(:id)) AS u (host_id, due, replica_id)
                WHERE o.host_id = u.host_id AND o.next_attempt_at = u.due AND o.replica_id = u.replica_id""");
        Columns.of(closed).uuids("ids", row -> row.row().id().value()).addTo(script, "DELETE FROM replicas WHERE replica_id = ANY(:ids)");
        doomColumns(identity(closed, ClosedReplica::row), ClosedReplica::row).texts("result", ClosedReplica::result)
                .times("closed", ClosedReplica::at)
                .addTo(
                        script,
                        """
                                INSERT INTO replica_history (replica_id, host_id, namespace, key, snapshot_id, generation, size_bytes, registered_at,
                                    doom_cause, eviction_id, doomed_at, attempts, last_error, result, closed_at)
                                SELECT unnest(:id), unnest(:host), unnest(:namespace), unnest(:key), unnest(:snapshot), unnest(:generation), unnest(:size),
                                    unnest(:registered), unnest(:cause), unnest(:eviction), unnest(:doomed), unnest(:attempts), unnest(:error),
                                    unnest(:result), unnest(:closed)""");
    }

    private static <R> Columns<R> identity(Collection<R> rows, Function<R, ReplicaRow> of) {
        return Columns.of(rows)
                .uuids("id", row -> of.apply(row).id().value())
                .texts("host", row -> of.apply(row).hostId())
                .texts("namespace", row -> of.apply(row).name().namespace())
                .texts("key", row -> of.apply(row).name().key())
                .texts("snapshot", row -> of.apply(row).snapshotId())
                .longs("generation", row -> of.apply(row).generation())
                .longs("size", row -> of.apply(row).sizeBytes())
                .times("registered", row -> of.apply(row).registeredAt());
    }

    private static <R> Columns<R> doomColumns(Columns<R> columns, Function<R, ReplicaRow> of) {
        return columns.texts("cause", row -> of(of.apply(row), OpenOrder::cause)).uuids("eviction", row -> {
            EvictionId eviction = of(of.apply(row), OpenOrder::evictionId);
            return eviction == null ? null : eviction.value();
        })
                .times("doomed", row -> of(of.apply(row), OpenOrder::at))
                .nullableInts("attempts", row -> of(of.apply(row), OpenOrder::attempts))
                .texts("error", row -> of(of.apply(row), OpenOrder::lastError));
    }

    private static <V> @Nullable V of(ReplicaRow row, Function<OpenOrder, @Nullable V> value) {
        OpenOrder doom = row.doom();
        return doom == null ? null : value.apply(doom);
    }
}
