package dev.spillway.coordinator.postgres.table;

import dev.spillway.coordinator.curve.CurveModel;
import dev.spillway.coordinator.curve.HitRateCurve;
import dev.spillway.coordinator.curve.SampledAccesses;
import dev.spillway.coordinator.curve.Sampling;
import dev.spillway.coordinator.curve.UsageStore;
import dev.spillway.coordinator.postgres.statement.CallerLimit;
import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.statement.StorageFailure;
import dev.spillway.events.EvictionPolicy;
import dev.spillway.events.NamespaceName;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;

/** The tables of accesses to namespaces. Once enough samples have gathered, they are folded into the namespace's model, which is written anew. */
public final class UsageTables implements UsageStore {
    /** Numbers of bytes and of rows of samples above which they are folded into the model. A model has about this many bytes. */
    private static final int PENDING_BYTES_MAX = 512 << 10;
    private static final int PENDING_ROWS_MAX = 1_000;
    /** Time in which the weight of an access falls by half. */
    private static final Duration HALF_LIFE = Duration.ofDays(7);
    private static final RowMapper<SampledAccesses> SAMPLES = (row, context) -> new SampledAccesses(
            row.getLong("threshold"),
            row.getLong("hits"),
            row.getLong("fills"),
            row.getLong("misses"),
            SampledAccesses.unpacked(row.getBytes("samples"), row.getBytes("costs")));

    /** The present state of a namespace, on which its model depends. */
    private record Present(long entries, EvictionPolicy policy) {}

    private final Jdbi jdbi;
    private final CallerLimit callers;

    public UsageTables(Jdbi jdbi, CallerLimit callers) {
        this.jdbi = jdbi;
        this.callers = callers;
    }

    @Override
    public Map<NamespaceName, Long> store(Map<NamespaceName, SampledAccesses> seen) {
        return told(() -> {
            List<NamespaceName> full = jdbi.inTransaction(handle -> {
                insert(handle, seen);
                return handle.createQuery("""
                        SELECT namespace FROM curve_samples WHERE namespace = ANY(:names) GROUP BY namespace
                        HAVING count(*) > :rows OR sum(octet_length(samples)) > :bytes""")
                        .bindArray("names", String.class, texts(seen.keySet()))
                        .bind("rows", PENDING_ROWS_MAX)
                        .bind("bytes", PENDING_BYTES_MAX)
                        .map((row, context) -> new NamespaceName(row.getString("namespace")))
                        .list();
            });
            full.forEach(namespace -> jdbi.useTransaction(handle -> fold(handle, namespace)));
            Map<NamespaceName, Long> thresholds = new HashMap<>();
            jdbi.useHandle(
                    handle -> handle.createQuery("SELECT namespace, threshold FROM curves WHERE namespace = ANY(:names)")
                            .bindArray("names", String.class, texts(seen.keySet()))
                            .map((row, context) -> thresholds.put(new NamespaceName(row.getString("namespace")), row.getLong("threshold")))
                            .list());
            return thresholds;
        });
    }

    private static List<String> texts(Collection<NamespaceName> names) {
        return names.stream().map(NamespaceName::value).toList();
    }

    private static void insert(Handle handle, Map<NamespaceName, SampledAccesses> seen) {
        PreparedBatch samples = handle.prepareBatch("""
                INSERT INTO curve_samples (namespace, threshold, hits, fills, misses, samples, costs)
                VALUES (:namespace, :threshold, :hits, :fills, :misses, :samples, :costs)""");
        PreparedBatch usage = handle.prepareBatch("""
                INSERT INTO namespace_usage AS u (namespace, began_at, hits, misses, entries, bytes)
                SELECT name, date_bin(:seconds * interval '1 second', now(), 'epoch'), :hits, :misses, entries, bytes
                FROM namespaces WHERE name = :namespace
                ON CONFLICT (namespace, began_at) DO UPDATE SET hits = u.hits + excluded.hits, misses = u.misses + excluded.misses,
                    entries = excluded.entries, bytes = excluded.bytes""");
        // Namespaces are sorted, so that two coordinators lock them in the same order.
        new TreeMap<>(seen).forEach((namespace, accesses) -> {
            samples.bind("namespace", namespace.value())
                    .bind("threshold", accesses.threshold())
                    .bind("hits", accesses.hits())
                    .bind("fills", accesses.fills())
                    .bind("misses", accesses.misses())
                    .bind("samples", accesses.packed())
                    .bind("costs", accesses.packedCosts())
                    .add();
            usage.bind("namespace", namespace.value())
                    .bind("seconds", INTERVAL.toSeconds())
                    .bind("hits", accesses.hits())
                    .bind("misses", accesses.misses())
                    .add();
        });
        samples.execute();
        usage.execute();
    }

    /** Folds all samples into the model, unless another coordinator is doing so. */
    private static void fold(Handle handle, NamespaceName namespace) {
        Present present = present(handle, namespace);
        handle.createUpdate(
                "INSERT INTO curves (namespace, threshold, model) VALUES (:namespace, :threshold, :model) ON CONFLICT DO NOTHING")
                .bind("namespace", namespace.value())
                .bind("threshold", Sampling.ALL)
                .bind("model", CurveModel.empty(present.policy(), Sampling.ALL).written())
                .execute();
        model(handle, namespace, present, " FOR UPDATE SKIP LOCKED").ifPresent(model -> {
            model.take(
                    handle.createQuery("DELETE FROM curve_samples WHERE namespace = :namespace RETURNING *")
                            .bind("namespace", namespace.value())
                            .map(SAMPLES)
                            .list(),
                    present.entries());
            handle.createUpdate("UPDATE curves SET threshold = :threshold, model = :model, folded_at = now() WHERE namespace = :namespace")
                    .bind("namespace", namespace.value())
                    .bind("threshold", model.threshold())
                    .bind("model", model.written())
                    .execute();
        });
    }

    private static Optional<CurveModel> model(Handle handle, NamespaceName namespace, Present present, String locking) {
        return handle
                .createQuery(
                        "SELECT model, extract(epoch FROM now() - folded_at) AS age FROM curves WHERE namespace = :namespace" + locking)
                .bind("namespace", namespace.value())
                .map((row, context) -> {
                    CurveModel model = CurveModel.read(row.getBytes("model")).as(present.policy());
                    model.age(Math.pow(0.5, Math.max(0, row.getDouble("age")) / HALF_LIFE.toSeconds()));
                    return model;
                })
                .findOne();
    }

    private static Present present(Handle handle, NamespaceName namespace) {
        return handle.createQuery("SELECT entries, eviction_policy FROM namespaces WHERE name = :namespace")
                .bind("namespace", namespace.value())
                .map((row, context) -> new Present(row.getLong("entries"), EvictionPolicy.valueOf(row.getString("eviction_policy"))))
                .findOne()
                .orElse(new Present(0, EvictionPolicy.LRU));
    }

    @Override
    public HitRateCurve curve(NamespaceName namespace) {
        return asked(() -> jdbi.inTransaction(TransactionIsolationLevel.REPEATABLE_READ, handle -> {
            Present present = present(handle, namespace);
            CurveModel model = model(handle, namespace, present, "").orElseGet(() -> CurveModel.empty(present.policy(), Sampling.ALL));
            model.take(
                    handle.createQuery("SELECT * FROM curve_samples WHERE namespace = :namespace")
                            .bind("namespace", namespace.value())
                            .map(SAMPLES)
                            .list(),
                    present.entries());
            return model.curve();
        }));
    }

    @Override
    public List<Interval> history(NamespaceName namespace, Instant since) {
        return asked(
                () -> jdbi.withHandle(
                        handle -> handle.createQuery("""
                                SELECT began_at, hits, misses, entries, bytes FROM namespace_usage
                                WHERE namespace = :namespace AND began_at >= :since ORDER BY began_at""")
                                .bind("namespace", namespace.value())
                                .bind("since", since)
                                .map(
                                        (row, context) -> new Interval(
                                                Columns.instant(row, "began_at"),
                                                row.getLong("hits"),
                                                row.getLong("misses"),
                                                row.getLong("entries"),
                                                row.getLong("bytes")))
                                .list()));
    }

    private <T> T asked(Supplier<T> asking) {
        return callers.admit("usage", () -> told(asking));
    }

    private static <T> T told(Supplier<T> work) {
        try {
            return work.get();
        } catch (RuntimeException e) {
            throw StorageFailure.told("usage", e);
        }
    }
}
