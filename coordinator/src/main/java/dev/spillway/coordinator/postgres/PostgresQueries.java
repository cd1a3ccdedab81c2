package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.postgres.statement.CallerLimit;
import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.statement.StorageFailure;
import dev.spillway.coordinator.postgres.table.ActivityTable;
import dev.spillway.coordinator.postgres.table.AuditTable;
import dev.spillway.coordinator.postgres.table.EntryTable;
import dev.spillway.coordinator.postgres.table.JoinRefusalTable;
import dev.spillway.coordinator.postgres.table.NamespaceTable;
import dev.spillway.coordinator.postgres.table.PlanTable;
import dev.spillway.coordinator.postgres.table.RegistryTable;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import dev.spillway.events.SnapshotId;
import dev.spillway.registry.JsonSize;
import dev.spillway.registry.OrderCursor;
import dev.spillway.registry.RegistryQueries;
import dev.spillway.registry.model.HostState;
import dev.spillway.registry.model.JoinRefusal;
import dev.spillway.registry.model.Place;
import dev.spillway.registry.model.RegistryRow;
import dev.spillway.registry.model.Sighting;
import dev.spillway.registry.plan.PlanRow;
import dev.spillway.registry.plan.PlanVictim;
import dev.spillway.registry.trail.ActivityCursor;
import dev.spillway.registry.trail.AuditRecord;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.result.ResultIterator;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** Reads of the registry, each in a read-only transaction with one snapshot. Thread-safe. */
final class PostgresQueries implements RegistryQueries, AutoCloseable {
    /** Begins a transaction whose statements share one snapshot. */
    private static final String BEGIN = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";

    /**
     * Pinned entries, and those that follow another of their group, have partial indexes of their own. So each page merges the first entries of three
     * indexes.
     */
    static final String ENTRIES = "SELECT * FROM ((SELECT " + EntryTable.COLUMNS
            + "FROM entries e WHERE e.namespace = :namespace AND e.pin_reason IS NULL AND NOT e.follows %1$s) UNION ALL (SELECT "
            + EntryTable.COLUMNS
            + "FROM entries e WHERE e.namespace = :namespace AND e.pin_reason IS NULL AND e.follows %1$s) UNION ALL (SELECT "
            + EntryTable.COLUMNS
            + "FROM entries e WHERE e.namespace = :namespace AND e.pin_reason IS NOT NULL %1$s)) AS e ORDER BY e.priority, e.last_use LIMIT :limit";

    /** Number of rows that one page of a filtered list looks at. */
    static final int WALK_MAX = 50_000;

    /** Finds the place where the search for one page of a filtered list ends; no row if it reaches the end of the namespace. */
    static final String WALK_OF_ENTRIES =
            """
                    SELECT priority, last_use FROM (
                        (SELECT priority, last_use FROM entries e WHERE namespace = :namespace AND pin_reason IS NULL AND NOT follows AND %1$s
                            ORDER BY priority, last_use LIMIT :walk)
                        UNION ALL
                        (SELECT priority, last_use FROM entries e WHERE namespace = :namespace AND pin_reason IS NULL AND follows AND %1$s
                            ORDER BY priority, last_use LIMIT :walk)
                        UNION ALL
                        (SELECT priority, last_use FROM entries e WHERE namespace = :namespace AND pin_reason IS NOT NULL AND %1$s
                            ORDER BY priority, last_use LIMIT :walk)) AS e
                    ORDER BY priority, last_use OFFSET :walk - 1 LIMIT 1"""
                    .formatted(EntryTable.BEHIND);

    /** Upper bound on the entries with a prefix that are sorted for each page. Beyond it, they are searched in the order of eviction. */
    private static final int FEW = 20_000;
    static final String MANY_OF_PREFIX =
            "SELECT count(*) > " + FEW + " FROM (SELECT FROM entries e WHERE " + EntryTable.OF_PREFIX + " LIMIT "
                    + (FEW + 1) + ") AS first";
    static final String FEW_OF_PREFIX = "SELECT " + EntryTable.COLUMNS + "FROM entries e WHERE " + EntryTable.OF_PREFIX + "%s";

    /**
     * Counts unpublished facts. {@code number + 0} keeps the planner from using the index of all numbers, which it would scan from the oldest kept
     * eviction.
     */
    static final String UNPUBLISHED = """
            WITH unpublished AS MATERIALIZED (
                SELECT count(*) AS facts, min(e.number + 0) AS first FROM evictions e WHERE e.published_at IS NULL)
            SELECT u.facts, e.evicted_at AS oldest, now() AS now FROM unpublished u LEFT JOIN evictions e ON e.number = u.first""";

    /** Time for which a count is valid, per LIVE row of a draining host; see {@link KnownLastCopies}. */
    private static final Duration REST_PER_COPY = Duration.ofNanos(100_000);

    /** Number of rows of a list that are fetched at once. */
    private static final int PORTION = 128;

    private final Jdbi jdbi;
    private final CallerLimit callers;
    private final EntryReads entryReads;
    private final Duration grace;
    private final KnownLastCopies lastCopies = new KnownLastCopies(REST_PER_COPY);

    PostgresQueries(Jdbi jdbi, CallerLimit callers, EntryReads entryReads, Duration grace) {
        this.jdbi = jdbi;
        this.callers = callers;
        this.entryReads = entryReads;
        this.grace = grace;
    }

    private <T> T read(String what, Function<Handle, T> reading) {
        return ask(what, handle -> atOneMoment(handle, reading));
    }

    private <T> T ask(String what, Function<Handle, T> reading) {
        return callers.admit("reading " + what, () -> askNow(what, reading));
    }

    private static <T> T atOneMoment(Handle handle, Function<Handle, T> reading) {
        return handle.inTransaction(transaction -> {
            transaction.execute(BEGIN);
            return reading.apply(transaction);
        });
    }

    private <T> T askNow(String what, Function<Handle, T> reading) {
        try {
            return jdbi.withHandle(reading::apply);
        } catch (RuntimeException e) {
            throw StorageFailure.told("reading " + what + " failed", e);
        }
    }

    @Override
    public List<NamespaceView> namespaces() {
        return read("namespaces", handle -> namespaces(handle, null));
    }

    @Override
    public Optional<NamespaceView> namespace(NamespaceName name) {
        return read("namespace " + name, handle -> namespaces(handle, name)).stream().findFirst();
    }

    private static List<NamespaceView> namespaces(Handle handle, @Nullable NamespaceName only) {
        Map<NamespaceName, Map<EvictionCause, Long>> counts = new HashMap<>();
        one(
                handle.createQuery(
                        "SELECT namespace, cause, count FROM eviction_counts" + (only == null ? "" : " WHERE namespace = :only")),
                only)
                .map(
                        (row, context) -> counts
                                .computeIfAbsent(new NamespaceName(row.getString("namespace")), name -> new EnumMap<>(EvictionCause.class))
                                .put(EvictionCause.valueOf(row.getString("cause")), row.getLong("count")))
                .list();
        return one(
                handle
                        .createQuery(
                                "SELECT " + NamespaceTable.COLUMNS + " FROM namespaces n" + (only == null ? "" : " WHERE n.name = :only")
                                        + " ORDER BY n.name"),
                only).map(NamespaceTable.MAPPER)
                .stream()
                .map(row -> NamespaceView.of(row, counts.getOrDefault(row.name(), new EnumMap<>(EvictionCause.class))))
                .toList();
    }

    private static Query one(Query query, @Nullable NamespaceName only) {
        return only == null ? query : query.bind("only", only.value());
    }

    @Override
    public Optional<EntryView> entry(EntryName name) {
        return entryReads.read(name);
    }

    @Override
    public Page<EntryView> entries(
            NamespaceName namespace,
            @Nullable String keyPrefix,
            Map<String, String> labels,
            @Nullable String after,
            int limit) {
        Place behind = after == null ? Place.START : Place.parse(after);
        String page = (labels.isEmpty() ? "" : " AND e.labels @> :labels::jsonb")
                + " AND " + EntryTable.BEHIND
                + " AND (e.priority, e.last_use) <= (:toPriority, :toUse) ORDER BY e.priority, e.last_use LIMIT :limit";
        return read("entries of " + namespace, handle -> {
            boolean fewOfPrefix = keyPrefix != null
                    && !EntryTable.ofPrefix(handle.createQuery(MANY_OF_PREFIX), namespace, keyPrefix).mapTo(Boolean.class).one();
            boolean walks = !fewOfPrefix && (keyPrefix != null || !labels.isEmpty());
            Place to = walks ? EntryTable.behind(handle.createQuery(WALK_OF_ENTRIES), behind)
                    .bind("namespace", namespace.value())
                    .bind("walk", WALK_MAX)
                    .map((row, context) -> new Place(row.getDouble("priority"), row.getLong("last_use")))
                    .findOne()
                    .orElse(null) : null;
            Query query = EntryTable.behind(listing(handle, namespace, keyPrefix, fewOfPrefix, page), behind)
                    .bind("toPriority", to == null ? Double.POSITIVE_INFINITY : to.priority())
                    .bind("toUse", to == null ? Long.MAX_VALUE : to.use());
            if (!labels.isEmpty()) {
                query.bind("labels", Columns.json(labels));
            }
            return page(query, EntryTable.MAPPER, limit, row -> row.place().toString(), row -> EntryView.of(row, List.of()), JsonSize::of)
                    .goingOn(to);
        });
    }

    private static Query listing(Handle handle, NamespaceName namespace, @Nullable String keyPrefix, boolean few, String page) {
        if (keyPrefix == null) {
            return handle.createQuery(ENTRIES.formatted(page)).bind("namespace", namespace.value());
        }
        String ofPrefix = " AND starts_with(e.key, :prefix)" + page;
        return few ? EntryTable.ofPrefix(handle.createQuery(FEW_OF_PREFIX.formatted(page)), namespace, keyPrefix)
                : handle.createQuery(ENTRIES.formatted(ofPrefix)).bind("namespace", namespace.value()).bind("prefix", keyPrefix);
    }

    @Override
    public Page<SnapshotId> snapshots(NamespaceName namespace, @Nullable String after, int limit) {
        return read(
                "snapshots of " + namespace,
                handle -> page(
                        handle.createQuery("""
                                SELECT DISTINCT snapshot_id FROM entries WHERE namespace = :namespace AND snapshot_id > :after
                                ORDER BY snapshot_id LIMIT :limit""")
                                .bind("namespace", namespace.value())
                                .bind("after", after == null ? "" : after),
                        (row, context) -> new SnapshotId(row.getString("snapshot_id")),
                        limit,
                        SnapshotId::value,
                        Function.identity(),
                        JsonSize::of));
    }

    /** Reads rows in portions, and none beyond the page, because a thousand large rows take much memory. */
    static <R, T> Page<T> page(
            Query query,
            RowMapper<R> row,
            int limit,
            Function<R, String> cursor,
            Function<R, T> view,
            ToLongFunction<T> bytes) {
        try (ResultIterator<R> rows = query.bind("limit", limit + 1).setFetchSize(PORTION).map(row).iterator()) {
            return Page.of(rows, limit, cursor, view, bytes);
        }
    }

    private static long number(String cursor) {
        if (cursor.length() > 18 || !cursor.chars().allMatch(c -> c >= '0' && c <= '9') || cursor.isEmpty()) {
            throw new InvalidValueException("after", cursor, "the next of an earlier page");
        }
        return Long.parseLong(cursor);
    }

    @Override
    public Page<EvictionView> evictions(EvictionFilter filter, @Nullable String after, int limit) {
        long before = after == null ? Long.MAX_VALUE : number(after);
        return read("evictions", handle -> new EvictionReading(handle).page(filter, before, limit));
    }

    @Override
    public Optional<EvictionView> eviction(EvictionId id) {
        return read("eviction " + id, handle -> new EvictionReading(handle).one(id));
    }

    @Override
    public Page<PlanRow> plans(@Nullable NamespaceName namespace, @Nullable String after, int limit) {
        PlanId before = RegistryQueries.planCursor(after);
        return read(
                "plans",
                handle -> Page.of(
                        new PlanTable(handle).newest(namespace, before, limit + 1).iterator(),
                        limit,
                        plan -> plan.id().toString(),
                        Function.identity(),
                        JsonSize::of));
    }

    @Override
    public Optional<PlanRow> plan(PlanId id) {
        return read("plan " + id, handle -> new PlanTable(handle).plan(id));
    }

    @Override
    public Page<PlanVictim> planVictims(PlanId id, boolean keptOnly, @Nullable String after, int limit) {
        long behind = after == null ? 0 : number(after);
        return read(
                "victims of plan " + id,
                handle -> Page.of(
                        (keptOnly ? new PlanTable(handle).kept(id, behind, limit + 1)
                                : new PlanTable(handle).victims(id, behind, limit + 1))
                                .iterator(),
                        limit,
                        victim -> Long.toString(victim.number()),
                        Function.identity(),
                        JsonSize::of));
    }

    @Override
    public RegistryRow registry() {
        return read("the registry", RegistryTable::read);
    }

    @Override
    public List<HostView> hosts() {
        return read("hosts", handle -> new HostReading(handle).all(lastCopies));
    }

    @Override
    public Optional<HostView> host(HostId id) {
        return read("host " + id, handle -> new HostReading(handle).one(id, lastCopies));
    }

    @Override
    public List<JoinRefusal> joinRefusals(int limit) {
        return read("refused joins", handle -> JoinRefusalTable.latest(handle, limit));
    }

    @Override
    public Page<AuditRecord> audit(AuditRecord.Filter filter, @Nullable String after, int limit) {
        long before = after == null ? Long.MAX_VALUE : number(after);
        return read("the audit trail", handle -> AuditTable.newest(handle, filter, before, limit));
    }

    @Override
    public Map<Sighting.Kind, Long> discrepancies() {
        return read("discrepancies", handle -> new HostReading(handle).discrepancies());
    }

    @Override
    public Map<HostState, Long> hostsByState() {
        return read("the states of hosts", handle -> new HostReading(handle).byState());
    }

    @Override
    public Page<OpenOrderView> orders(HostId host, @Nullable String after, int limit) {
        OrderCursor behind = after == null ? OrderCursor.START : OrderCursor.parse(after);
        return read("orders of host " + host, handle -> new HostReading(handle).orders(host, behind, limit));
    }

    @Override
    public Optional<RestoreWait> waiting() {
        return read("what orders wait for", handle -> new HostReading(handle).waiting(grace));
    }

    @Override
    public ActivityPage activity(@Nullable ActivityCursor after, int limit) {
        return ask("activity", handle -> {
            ActivityTable.Settled settled = ActivityTable.settled(handle);
            return atOneMoment(handle, transaction -> ActivityTable.page(transaction, settled, after, limit));
        });
    }

    @Override
    public OpenOrders openOrders() {
        return read(
                "open orders",
                handle -> handle
                        .createQuery("SELECT count(*) AS orders, min(doomed_at) AS oldest FROM open_orders")
                        .map((row, context) -> new OpenOrders(row.getLong("orders"), Columns.nullableInstant(row, "oldest")))
                        .one());
    }

    @Override
    public UnpublishedFacts unpublishedFacts() {
        return read(
                "unpublished facts",
                handle -> handle.createQuery(UNPUBLISHED)
                        .map(
                                (row, context) -> new UnpublishedFacts(
                                        row.getLong("facts"),
                                        Columns.nullableInstant(row, "oldest"),
                                        Columns.instant(row, "now")))
                        .one());
    }

    @Override
    public void close() {
        entryReads.close();
    }
}
