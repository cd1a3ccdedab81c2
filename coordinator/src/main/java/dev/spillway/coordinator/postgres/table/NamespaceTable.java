package dev.spillway.coordinator.postgres.table;

import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.statement.Script;
import dev.spillway.events.Backend;
import dev.spillway.events.EvictionPolicy;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.Policy;
import dev.spillway.registry.model.Selection;
import dev.spillway.registry.store.Changes.CauseOfNamespace;
import dev.spillway.registry.store.NamespaceRows;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jspecify.annotations.Nullable;

/**
 * Namespaces with their policies, and the sequence of generations, in one transaction. The columns {@code draining}, {@code returned} and {@code age}
 * hold what {@link NamespaceRow} calls evicting to the watermark, place returns and priority floor. Not thread-safe.
 */
public final class NamespaceTable implements NamespaceRows {
    public static final String COLUMNS =
            "n.name, n.max_entries, n.max_bytes, n.ttl_millis, n.max_idle_millis, n.low_watermark, n.max_eviction_share, n.backend, n.min_residency_millis, n.write_once, n.eviction_policy, "
                    + "n.entries, n.bytes, "
                    + "n.pinned_entries, n.pinned_bytes, n.use_counter, n.hits, n.misses, n.draining, n.returned, n.age ";

    public static final RowMapper<NamespaceRow> MAPPER = (row, context) -> new NamespaceRow(
            new NamespaceName(row.getString("name")),
            new Policy(
                    Columns.nullableLong(row, "max_entries"),
                    Columns.nullableLong(row, "max_bytes"),
                    Columns.nullableMillis(row, "ttl_millis"),
                    Columns.nullableMillis(row, "max_idle_millis"),
                    row.getDouble("low_watermark"),
                    row.getDouble("max_eviction_share"),
                    Backend.valueOf(row.getString("backend")),
                    Columns.nullableMillis(row, "min_residency_millis"),
                    row.getBoolean("write_once"),
                    EvictionPolicy.valueOf(row.getString("eviction_policy"))),
            new Selection(row.getLong("entries"), row.getLong("bytes")),
            new Selection(row.getLong("pinned_entries"), row.getLong("pinned_bytes")),
            new NamespaceRow.UseOrder(row.getLong("use_counter"), row.getLong("returned"), row.getDouble("age")),
            new NamespaceRow.Reads(row.getLong("hits"), row.getLong("misses")),
            row.getBoolean("draining"));

    private static final String HIGHEST_PRIORITY =
            "SELECT coalesce(max(e.priority), 0) AS highest FROM entries e WHERE e.namespace = :namespace";

    private static final String FROM_ARRAYS =
            """
                    FROM unnest(:name, :maxEntries, :maxBytes, :ttl, :maxIdle, :watermark, :share, :backend, :residency, :once, :evictionPolicy, :entries, :bytes, :pinnedEntries, :pinnedBytes,
                                :uses, :hits, :misses, :draining, :returned, :age)
                        AS u (name, max_entries, max_bytes, ttl_millis, max_idle_millis, low_watermark, max_eviction_share, backend,
                              min_residency_millis, write_once, eviction_policy, entries, bytes, pinned_entries, pinned_bytes, use_counter, hits, misses, draining, returned, age)
                    """;

    private final Handle handle;
    private final long policyVersion;
    private final Map<NamespaceName, NamespaceRow> held = new HashMap<>();

    NamespaceTable(Handle handle, long policyVersion) {
        this.handle = handle;
        this.policyVersion = policyVersion;
    }

    /** Returns a namespace that this transaction has locked; null for any other. */
    @Nullable
    NamespaceRow held(NamespaceName name) {
        return held.get(name);
    }

    Supplier<Map<NamespaceName, NamespaceRow>> lock(SortedSet<NamespaceName> names, Script script) {
        Script.Found<NamespaceRow> rows = Columns.of(names)
                .texts("names", name -> name)
                .addTo(
                        script,
                        "SELECT " + COLUMNS
                                + " FROM namespaces n WHERE n.name = ANY(:names) ORDER BY n.name FOR NO KEY UPDATE",
                        MAPPER);
        return () -> {
            Map<NamespaceName, NamespaceRow> found = new HashMap<>();
            rows.rows().forEach(row -> found.put(row.name(), row));
            held.putAll(found);
            return found;
        };
    }

    @Override
    public Map<NamespaceName, NamespaceRow> lockNamespaces(SortedSet<NamespaceName> names) {
        return Script.run(handle, script -> lock(names, script));
    }

    @Override
    public long policyVersion() {
        return policyVersion;
    }

    @Override
    public List<Long> nextGenerations(int count) {
        return Script.run(handle, script -> nextGenerations(count, script));
    }

    static Supplier<List<Long>> nextGenerations(int count, Script script) {
        return script.add(
                "SELECT nextval('generations') AS generation FROM generate_series(1, :count)",
                Map.of("count", Columns.number(count)),
                (row, context) -> row.getLong("generation"))::rows;
    }

    @Override
    public PolicySet policies() {
        // One statement reads both, so that the version and the policies are from one snapshot.
        List<PolicySet.Entry> policies = new ArrayList<>();
        long[] version = {0};
        handle.createQuery("SELECT r.policy_version, " + COLUMNS + "FROM registry r LEFT JOIN namespaces n ON true ORDER BY n.name")
                .map((row, context) -> {
                    version[0] = row.getLong("policy_version");
                    if (row.getString("name") == null) {
                        return List.<PolicySet.Entry>of();
                    }
                    NamespaceRow namespace = MAPPER.map(row, context);
                    return List.of(namespace.policy().forWorkers(namespace.name()));
                })
                .forEach(policies::addAll);
        return new PolicySet(version[0], policies);
    }

    @Override
    public double highestPriority(NamespaceName namespace) {
        return handle.createQuery(HIGHEST_PRIORITY).bind("namespace", namespace.value()).mapTo(Double.class).one();
    }

    void write(Collection<NamespaceRow> rows, Script script) {
        List<NamespaceRow> added = new ArrayList<>();
        List<NamespaceRow> changed = new ArrayList<>();
        rows.forEach(row -> (held.containsKey(row.name()) ? changed : added).add(row));
        columns(changed).addTo(
                script,
                """
                        UPDATE namespaces n SET max_entries = u.max_entries, max_bytes = u.max_bytes, ttl_millis = u.ttl_millis,
                            max_idle_millis = u.max_idle_millis, low_watermark = u.low_watermark, max_eviction_share = u.max_eviction_share,
                            backend = u.backend, min_residency_millis = u.min_residency_millis, write_once = u.write_once, eviction_policy = u.eviction_policy,
                            entries = u.entries, bytes = u.bytes, pinned_entries = u.pinned_entries, pinned_bytes = u.pinned_bytes,
                            use_counter = u.use_counter, hits = u.hits, misses = u.misses, draining = u.draining, returned = u.returned, age = u.age
                        """
                        + FROM_ARRAYS + " WHERE n.name = u.name");
        columns(added).addTo(
                script,
                """
                        INSERT INTO namespaces (name, max_entries, max_bytes, ttl_millis, max_idle_millis, low_watermark, max_eviction_share, backend,
                            min_residency_millis, write_once, eviction_policy, entries, bytes, pinned_entries, pinned_bytes, use_counter, hits, misses, draining, returned, age)
                        SELECT u.*
                        """
                        + FROM_ARRAYS);
    }

    static void risePolicyVersion(Script script) {
        script.add("UPDATE registry SET policy_version = policy_version + 1", Map.of());
    }

    static void riseEvictionCounts(Map<CauseOfNamespace, Long> more, Script script) {
        Columns.of(more.entrySet())
                .texts("namespace", figure -> figure.getKey().namespace())
                .texts("cause", figure -> figure.getKey().cause())
                .longs("count", Map.Entry::getValue)
                .addTo(script, """
                        INSERT INTO eviction_counts AS c (namespace, cause, count)
                        SELECT u.* FROM unnest(:namespace, :cause, :count) AS u (namespace, cause, count) ORDER BY u.namespace, u.cause
                        ON CONFLICT (namespace, cause) DO UPDATE SET count = c.count + excluded.count""");
    }

    private static Columns<NamespaceRow> columns(List<NamespaceRow> rows) {
        return Columns.of(rows)
                .texts("name", NamespaceRow::name)
                .nullableLongs("maxEntries", row -> row.policy().maxEntries())
                .nullableLongs("maxBytes", row -> row.policy().maxBytes())
                .nullableLongs("ttl", row -> millis(row.policy().ttl()))
                .nullableLongs("maxIdle", row -> millis(row.policy().maxIdle()))
                .doubles("watermark", row -> row.policy().lowWatermark())
                .doubles("share", row -> row.policy().maxEvictionShare())
                .texts("backend", row -> row.policy().backend())
                .nullableLongs("residency", row -> millis(row.policy().minResidency()))
                .booleans("once", row -> row.policy().writeOnce())
                .texts("evictionPolicy", row -> row.policy().evictionPolicy())
                .longs("entries", NamespaceRow::entries)
                .longs("bytes", NamespaceRow::bytes)
                .longs("pinnedEntries", NamespaceRow::pinnedEntries)
                .longs("pinnedBytes", NamespaceRow::pinnedBytes)
                .longs("uses", NamespaceRow::useCounter)
                .longs("hits", NamespaceRow::hits)
                .longs("misses", NamespaceRow::misses)
                .booleans("draining", NamespaceRow::evictingToWatermark)
                .longs("returned", NamespaceRow::placeReturns)
                .doubles("age", NamespaceRow::priorityFloor);
    }

    private static @Nullable Long millis(@Nullable Duration time) {
        return time == null ? null : time.toMillis();
    }
}
