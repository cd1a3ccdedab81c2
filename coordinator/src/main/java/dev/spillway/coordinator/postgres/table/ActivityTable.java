package dev.spillway.coordinator.postgres.table;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.statement.Script;
import dev.spillway.events.codec.Json;
import dev.spillway.registry.ActivityBounds;
import dev.spillway.registry.RegistryQueries.ActivityPage;
import dev.spillway.registry.RegistryQueries.Recorded;
import dev.spillway.registry.trail.Activity;
import dev.spillway.registry.trail.ActivityCursor;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Stores events. Ids are drawn before the commit, and transactions commit in another order. So readers read only up to a settled id: every event up
 * to it is committed, or never will be.
 *
 * <p>A writer first takes a shared advisory lock on the last id that anyone has drawn, and then draws its own ids, which are higher. The lock ends
 * with its transaction, after the commit is visible. A reader first reads the last id drawn, then the held locks, and then the events. A writer whose
 * lock it does not see has committed before the events are read, or draws ids above the one that was read. So only transactions that write events
 * hold a reader back, and nothing stored depends on the cluster's transaction counter.
 */
public final class ActivityTable {
    /** Last id drawn; 0 before the first. */
    static final String LAST_DRAWN = "(SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM activity_id_seq)";
    public static final String PAGE = "SELECT id, what FROM activity WHERE id > :after AND id <= :settled ORDER BY id LIMIT :limit";

    private static final ObjectWriter WRITER = Json.tolerant().writerFor(Activity.class);
    private static final ObjectReader READER = Json.tolerant().readerFor(Activity.class);

    /** The highest 16 bits of each lock's key, before 48 bits for the id: other advisory locks of the database use other values. */
    private static final long LOCKS = 0x7370;
    private static final String LOCK = "SELECT pg_advisory_xact_lock_shared(" + LAST_DRAWN + " | " + (LOCKS << 48) + ")";
    /** {@code pg_locks} shows the upper half of a key as classid and the lower half as objid. */
    private static final String LOWEST_LOCKED = """
            SELECT min((classid::bigint & 65535) << 32 | objid::bigint) AS id FROM pg_locks
            WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = %d
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())""".formatted(LOCKS);
    private static final String BOUNDS = """
            SELECT epoch, activity_trimmed_id AS trimmed,
                greatest(activity_trimmed_id, (SELECT id FROM activity WHERE id <= :settled ORDER BY id DESC LIMIT 1)) AS newest
            FROM registry""";

    private ActivityTable() {}

    /**
     * The range of ids that can be read.
     *
     * @param through every event up to this id is committed, or never will be
     * @param drawn   the last id that was drawn
     */
    public record Settled(long through, long drawn) {}

    /**
     * Adds the statements that write the events. They should be the last ones before the commit, because readers wait for this transaction from then
     * on.
     */
    public static void add(List<Activity> happened, Script script) {
        if (happened.isEmpty()) {
            return;
        }
        script.add(LOCK, Map.of());
        Columns.of(happened).times("at", Activity::at).texts("what", ActivityTable::json).addTo(script, """
                INSERT INTO activity (at, what)
                SELECT unnest(:at), unnest(:what) ORDER BY generate_subscripts(:at, 1)""");
    }

    private static String json(Activity activity) {
        try {
            return WRITER.writeValueAsString(activity);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("activity: " + activity + " (expected: what can be written as JSON)", e);
        }
    }

    private static Activity activity(String json) {
        try {
            return READER.readValue(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("stored activity: " + json + " (expected: what this version can read)", e);
        }
    }

    /** Returns the range of ids that a snapshot taken after this call can read. An earlier snapshot may miss some of them. */
    public static Settled settled(Handle handle) {
        Script script = new Script();
        Script.Found<Long> drawn = script.add("SELECT " + LAST_DRAWN + " AS id", Map.of(), (row, context) -> row.getLong("id"));
        Script.Found<Long> locked = script.add(LOWEST_LOCKED, Map.of(), (row, context) -> {
            Long lowest = Columns.nullableLong(row, "id");
            return lowest == null ? Long.MAX_VALUE : lowest;
        });
        script.run(handle);
        long last = drawn.rows().getFirst();
        return new Settled(Math.min(last, locked.rows().getFirst()), last);
    }

    /** Reads the events after a cursor. The caller's transaction must read from one snapshot. */
    public static ActivityPage page(Handle handle, Settled settled, @Nullable ActivityCursor after, int limit) {
        long behind = after == null ? Long.MAX_VALUE : after.number();
        Script script = new Script();
        Script.Found<ActivityBounds> bounds = script.add(
                BOUNDS,
                Map.of("settled", Columns.number(settled.through())),
                (row, context) -> new ActivityBounds(row.getLong("epoch"), row.getLong("trimmed"), row.getLong("newest"), settled.drawn()));
        Script.Found<Stored> found = script.add(
                PAGE,
                Map.of("after", Columns.number(behind), "settled", Columns.number(settled.through()), "limit", Columns.number(limit)),
                (row, context) -> new Stored(row.getLong("id"), row.getString("what")));
        script.run(handle);
        return bounds.rows().getFirst().page(after, from -> found.rows().stream().map(stored -> stored.in(from.epoch())).toList());
    }

    private record Stored(long id, String what) {
        Recorded in(long epoch) {
            return new Recorded(new ActivityCursor(epoch, id), activity(what));
        }
    }

    /**
     * Deletes up to {@code limit} older events, and stores the highest deleted id.
     *
     * @return the number of deleted rows
     */
    public static int trim(Handle handle, Instant olderThan, int limit) {
        return handle
                .createQuery(
                        """
                                WITH old AS MATERIALIZED (
                                    SELECT id FROM (SELECT id, at FROM activity WHERE id <= :settled ORDER BY id LIMIT :limit) AS first
                                    WHERE at < :olderThan),
                                gone AS (DELETE FROM activity a USING old WHERE a.id = old.id RETURNING a.id),
                                remembered AS (
                                    UPDATE registry r SET activity_trimmed_id = last.id FROM (SELECT max(id) AS id FROM gone) AS last
                                    WHERE last.id > r.activity_trimmed_id)
                                SELECT count(*) FROM gone""")
                .bind("settled", settled(handle).through())
                .bind("olderThan", olderThan)
                .bind("limit", limit)
                .mapTo(Integer.class)
                .one();
    }
}
