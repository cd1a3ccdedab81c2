package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.postgres.PostgresRegistrySettings.Retention;
import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.statement.StorageFailure;
import dev.spillway.coordinator.postgres.table.ActivityTable;
import dev.spillway.registry.RegistryUnavailableException;
import java.time.Duration;
import java.time.Instant;
import java.util.function.ToIntFunction;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/** Deletes rows after their retention, in bounded chunks, each in a transaction of its own. Thread-safe; several coordinators may do so at once. */
public final class Upkeep {
    /** Upper bound on the chunks of one call, so that it ends even if rows are written faster than it deletes them. */
    private static final int CHUNKS_MAX = 100;

    /** Numbers of deleted rows by kind. */
    public record Removed(long idempotencyKeys, long activities, long closedReplicas, long evictions, long plans, long usage, long audit) {}

    private final Jdbi jdbi;
    private final Retention retention;

    Upkeep(Jdbi jdbi, Retention retention) {
        this.jdbi = jdbi;
        this.retention = retention;
    }

    /**
     * Deletes rows that are older than their retention, at most 100 chunks of each kind.
     *
     * @throws RegistryUnavailableException if the database cannot be asked; what was deleted stays deleted
     */
    public Removed run() {
        return new Removed(
                inChunks(retention.idempotencyKeys(), "idempotency_keys", "recorded_at"),
                activity(),
                inChunks(retention.history(), "replica_history", "closed_at"),
                evictions(),
                plans(),
                inChunks(retention.history(), "namespace_usage", "began_at"),
                inChunks(retention.history(), "audit", "recorded_at"));
    }

    private long activity() {
        return all(handle -> ActivityTable.trim(handle, olderThan(handle, retention.activity()), retention.chunk()));
    }

    private long inChunks(Duration kept, String table, String column) {
        String sql = "DELETE FROM " + table + " WHERE ctid = ANY(ARRAY(SELECT ctid FROM " + table + " WHERE " + column
                + " < :olderThan ORDER BY "
                + column + " LIMIT :limit FOR UPDATE SKIP LOCKED))";
        return all(
                handle -> handle.createUpdate(sql)
                        .bind("olderThan", olderThan(handle, kept))
                        .bind("limit", retention.chunk())
                        .execute());
    }

    /** Deletes evictions with nothing left to do: published, finished, and without an open order. */
    private long evictions() {
        return all(
                handle -> handle
                        .createUpdate(
                                """
                                        DELETE FROM evictions WHERE eviction_id = ANY(ARRAY(
                                            SELECT e.eviction_id FROM evictions e
                                            WHERE e.number < coalesce((SELECT number FROM evictions WHERE evicted_at >= :olderThan ORDER BY number LIMIT 1), 9223372036854775807)
                                                AND e.evicted_at < :olderThan AND e.published_at IS NOT NULL AND NOT e.unfinished
                                                AND NOT EXISTS (
                                                    SELECT FROM replicas r WHERE r.generation = e.generation AND r.eviction_id = e.eviction_id)
                                            ORDER BY e.number LIMIT :limit FOR UPDATE OF e SKIP LOCKED))""")
                        .bind("olderThan", olderThan(handle, retention.history()))
                        .bind("limit", retention.chunk())
                        .execute());
    }

    /** Deletes victims before their plans, so that one transaction never deletes more than a chunk. */
    private long plans() {
        all(
                handle -> handle
                        .createUpdate(
                                """
                                        DELETE FROM plan_victims v USING (
                                            SELECT c.plan_id, c.number FROM plans p CROSS JOIN LATERAL (
                                                SELECT w.plan_id, w.number FROM plan_victims w WHERE w.plan_id = p.plan_id ORDER BY w.number LIMIT :limit) AS c
                                            WHERE p.expires_at < now() LIMIT :limit) AS over
                                        WHERE v.plan_id = over.plan_id AND v.number = over.number""")
                        .bind("limit", retention.chunk())
                        .execute());
        return all(
                handle -> handle
                        .createUpdate(
                                """
                                        DELETE FROM plans WHERE plan_id = ANY(ARRAY(
                                            SELECT p.plan_id FROM plans p
                                            WHERE p.expires_at < now() AND NOT EXISTS (SELECT FROM plan_victims v WHERE v.plan_id = p.plan_id)
                                            ORDER BY p.expires_at LIMIT :limit FOR UPDATE SKIP LOCKED))""")
                        .bind("limit", retention.chunk())
                        .execute());
    }

    private long all(ToIntFunction<Handle> chunk) {
        long removed = 0;
        for (int chunks = 0; chunks < CHUNKS_MAX; chunks++) {
            int gone = in(chunk);
            removed += gone;
            if (gone < retention.chunk()) {
                break;
            }
        }
        return removed;
    }

    private static Instant olderThan(Handle handle, Duration kept) {
        return handle.createQuery("SELECT now() AS now").map((row, context) -> Columns.instant(row, "now")).one().minus(kept);
    }

    private int in(ToIntFunction<Handle> work) {
        try {
            return jdbi.inTransaction(work::applyAsInt);
        } catch (RuntimeException e) {
            throw StorageFailure.told("upkeep stopped", e);
        }
    }
}
