package dev.spillway.coordinator.postgres;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import dev.spillway.coordinator.core.Activity;
import dev.spillway.coordinator.core.ActivityCursor;
import dev.spillway.coordinator.core.RegistryQueries.ActivityPage;
import dev.spillway.coordinator.core.RegistryQueries.Recorded;
import dev.spillway.events.Json;
import java.time.Instant;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * What happened, read in commit order although ids are drawn before the commit: a row is shown only once every transaction that began to write
 * before its writer has ended, so nothing appears later behind a cursor. Not thread-safe.
 */
final class ActivityTable {
    private static final ObjectWriter WRITER = Json.tolerant().writerFor(Activity.class);
    private static final ObjectReader READER = Json.tolerant().readerFor(Activity.class);

    static final String PAGE = """
            SELECT xid::text AS transaction, id, what FROM activity
            WHERE (xid, id) > (:xid::xid8, :id) AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, id LIMIT :limit""";

    private final Handle handle;

    /** The end of what can be read, the newest transaction number given out, and up to where activity is no longer kept. */
    private record Edges(ActivityCursor end, long newest, ActivityCursor trimmed) {}

    ActivityTable(Handle handle) {
        this.handle = handle;
    }

    static void add(List<Activity> happened, Script script) {
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

    ActivityPage page(@Nullable ActivityCursor after, int limit) {
        Edges edges = edges();
        ActivityCursor from = after == null ? edges.end() : after;
        if (from.transaction() > edges.newest()) {
            // The cursor is from a database that was ahead of this one.
            return new ActivityPage(List.of(), edges.end(), true);
        }
        boolean gap = from.compareTo(edges.trimmed()) < 0;
        List<Recorded> items = handle.createQuery(PAGE)
                .bind("xid", Long.toString(from.transaction()))
                .bind("id", from.number())
                .bind("limit", limit)
                .map((row, context) -> new Recorded(new ActivityCursor(Long.parseLong(row.getString("transaction")), row.getLong("id")),
                        activity(row.getString("what"))))
                .list();
        return new ActivityPage(items, items.isEmpty() ? from : items.getLast().cursor(), gap);
    }

    private Edges edges() {
        return handle.createQuery("""
                SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin, pg_snapshot_xmax(pg_current_snapshot())::text AS xmax,
                    activity_trimmed_xid::text AS trimmed_xid, activity_trimmed_id AS trimmed_id FROM registry""")
                .map((row, context) -> new Edges(new ActivityCursor(Long.parseLong(row.getString("xmin")), 0),
                        Long.parseLong(row.getString("xmax")),
                        new ActivityCursor(Long.parseLong(row.getString("trimmed_xid")), row.getLong("trimmed_id"))))
                .one();
    }

    /**
     * Deletes what is older, at most {@code limit} of it, and remembers up to where.
     *
     * @return how many rows went
     */
    int trim(Instant olderThan, int limit) {
        return handle
                .createQuery(
                        """
                                WITH old AS MATERIALIZED (
                                    SELECT xid, id FROM (
                                        SELECT xid, id, at FROM activity WHERE xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, id LIMIT :limit) AS first
                                    WHERE at < :olderThan),
                                gone AS (DELETE FROM activity a USING old WHERE a.xid = old.xid AND a.id = old.id RETURNING a.xid, a.id),
                                last AS (SELECT xid, id FROM gone ORDER BY xid DESC, id DESC LIMIT 1),
                                remembered AS (
                                    UPDATE registry r SET activity_trimmed_xid = last.xid, activity_trimmed_id = last.id FROM last
                                    WHERE (last.xid, last.id) > (r.activity_trimmed_xid, r.activity_trimmed_id))
                                SELECT count(*) FROM gone""")
                .bind("olderThan", olderThan)
                .bind("limit", limit)
                .mapTo(Integer.class)
                .one();
    }
}
