package dev.spillway.coordinator.postgres.table;

import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.statement.Script;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import dev.spillway.registry.model.Eviction;
import dev.spillway.registry.model.Holding;
import dev.spillway.registry.store.EvictionRows;
import dev.spillway.registry.store.Rows.DueFact;
import dev.spillway.registry.store.Rows.Ended;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;

/** Evictions with their facts, and the work that is left for both, in one transaction. Not thread-safe. */
public final class EvictionTable implements EvictionRows {
    public static final String COLUMNS =
            "e.eviction_id, e.number, e.namespace, e.key, e.snapshot_id, e.generation, e.size_bytes, e.cause, e.replicas, e.labels, "
                    + "e.evicted_at, e.unfinished, e.publish_attempts, e.actor, e.plan_id ";

    public static final RowMapper<EvictionFact> MAPPER = (row, context) -> new EvictionFact(
            new EvictionId(Columns.uuid(row, "eviction_id")),
            new NamespaceName(row.getString("namespace")),
            new EntryKey(row.getString("key")),
            new SnapshotId(row.getString("snapshot_id")),
            row.getLong("generation"),
            row.getLong("size_bytes"),
            EvictionCause.valueOf(row.getString("cause")),
            row.getInt("replicas"),
            Columns.labels(row, "labels"),
            Columns.instant(row, "evicted_at"));

    public static final String DUE_FACTS = "SELECT " + COLUMNS + """
            FROM evictions e WHERE e.published_at IS NULL AND e.publish_next_at <= :now ORDER BY e.publish_next_at, e.number LIMIT :limit
            FOR UPDATE SKIP LOCKED""";

    public static final String UNFINISHED =
            "SELECT " + COLUMNS + " FROM evictions e WHERE e.unfinished ORDER BY e.number LIMIT :limit FOR UPDATE SKIP LOCKED";

    static final String ENDED_SINCE_RESTORE = """
            SELECT asked.namespace, asked.key, asked.generation AS asked, e.generation, e.eviction_id, e.cause
            FROM unnest(:namespaces, :keys, :generations) AS asked (namespace, key, generation)
            CROSS JOIN LATERAL (
                SELECT either.generation, either.eviction_id, either.cause FROM (
                    (SELECT e.generation, e.eviction_id, e.cause FROM evictions e
                     WHERE e.after_restore AND e.namespace = asked.namespace AND e.key = asked.key AND e.generation >= asked.generation
                     ORDER BY e.generation LIMIT 1)
                    UNION ALL
                    (SELECT e.generation, e.eviction_id, e.cause FROM evictions e
                     WHERE e.unfinished AND e.namespace = asked.namespace AND e.key = asked.key AND e.generation = asked.generation
                     LIMIT 1)) AS either
                ORDER BY either.generation LIMIT 1) AS e""";

    private final Handle handle;
    private final boolean afterRestore;
    private final Instant now;

    /** @param afterRestore whether the database was ever restored */
    EvictionTable(Handle handle, boolean afterRestore, Instant now) {
        this.handle = handle;
        this.afterRestore = afterRestore;
        this.now = now;
    }

    @Override
    public List<DueFact> lockDueFacts(int limit) {
        return handle.createQuery(DUE_FACTS)
                .bind("now", now)
                .bind("limit", limit)
                .map((row, context) -> new DueFact(MAPPER.map(row, context), row.getInt("publish_attempts")))
                .list();
    }

    @Override
    public Map<Holding, Ended> endedSinceRestore(Collection<Holding> generations) {
        if (!afterRestore) {
            return Map.of();
        }
        Map<Holding, Ended> found = new HashMap<>();
        Columns.of(generations)
                .texts("namespaces", holding -> holding.name().namespace())
                .texts("keys", holding -> holding.name().key())
                .longs("generations", Holding::generation)
                .bindTo(handle.createQuery(ENDED_SINCE_RESTORE))
                .map(
                        (row, context) -> Map.entry(
                                new Holding(
                                        new EntryName(new NamespaceName(row.getString("namespace")), new EntryKey(row.getString("key"))),
                                        row.getLong("asked")),
                                new Ended(
                                        row.getLong("generation"),
                                        new EvictionId(Columns.uuid(row, "eviction_id")),
                                        EvictionCause.valueOf(row.getString("cause")))))
                .forEach(ended -> found.put(ended.getKey(), ended.getValue()));
        return found;
    }

    @Override
    public List<EvictionFact> lockUnfinishedEvictions(int limit) {
        return handle.createQuery(UNFINISHED).bind("limit", limit).map(MAPPER).list();
    }

    void add(List<Eviction> evictions, SortedSet<EvictionId> unfinished, Script script) {
        Columns.of(evictions)
                .uuids("id", eviction -> eviction.fact().id().value())
                .texts("namespace", eviction -> eviction.fact().namespace())
                .texts("key", eviction -> eviction.fact().key())
                .texts("snapshot", eviction -> eviction.fact().snapshotId())
                .longs("generation", eviction -> eviction.fact().generation())
                .longs("size", eviction -> eviction.fact().sizeBytes())
                .texts("cause", eviction -> eviction.fact().cause())
                .ints("replicas", eviction -> eviction.fact().replicas())
                .texts("labels", eviction -> Columns.json(eviction.fact().labels()))
                .times("at", eviction -> eviction.fact().evictedAt())
                .booleans("unfinished", eviction -> unfinished.contains(eviction.fact().id()))
                .texts("actor", Eviction::actor)
                .uuids("plan", eviction -> eviction.planId() == null ? null : eviction.planId().value())
                .booleans("afterRestore", eviction -> afterRestore && eviction.isDecided())
                .addTo(
                        script,
                        """
                                INSERT INTO evictions (eviction_id, namespace, key, snapshot_id, generation, size_bytes, cause, replicas, labels,
                                    evicted_at, unfinished, publish_next_at, actor, plan_id, after_restore)
                                SELECT unnest(:id), unnest(:namespace), unnest(:key), unnest(:snapshot), unnest(:generation), unnest(:size), unnest(:cause),
                                    unnest(:replicas), unnest(:labels::text[]::jsonb[]), unnest(:at), unnest(:unfinished), unnest(:at), unnest(:actor),
                                    unnest(:plan), unnest(:afterRestore)
                                ORDER BY generate_subscripts(:id, 1)""");
    }

    static void finish(Collection<EvictionId> finished, Script script) {
        Columns.of(finished)
                .uuids("ids", EvictionId::value)
                .addTo(script, "UPDATE evictions SET unfinished = false WHERE eviction_id = ANY(:ids)");
    }

    static void handOut(Map<EvictionId, Instant> dueAgainAt, Script script) {
        Columns.of(dueAgainAt.entrySet()).uuids("id", due -> due.getKey().value()).times("at", Map.Entry::getValue).addTo(script, """
                UPDATE evictions e SET publish_next_at = u.at, publish_attempts = e.publish_attempts + 1
                FROM unnest(:id, :at) AS u (id, at) WHERE e.eviction_id = u.id""");
    }

    /** Records published facts. Locks them in order first, because otherwise two publishers of the same facts could deadlock. */
    void publish(Collection<EvictionId> published, Script script) {
        Columns.of(published)
                .uuids("ids", EvictionId::value)
                .times("now", ignored -> now)
                .addTo(
                        script,
                        """
                                WITH unpublished AS MATERIALIZED (
                                    SELECT eviction_id FROM evictions WHERE eviction_id = ANY(:ids) AND published_at IS NULL ORDER BY eviction_id FOR UPDATE)
                                UPDATE evictions e SET published_at = (:now)[1] FROM unpublished u WHERE e.eviction_id = u.eviction_id""");
    }
}
