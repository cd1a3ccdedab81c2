package dev.spillway.coordinator.postgres.table;

import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.statement.Script;
import dev.spillway.events.ContentDigest;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PinReason;
import dev.spillway.events.SnapshotId;
import dev.spillway.registry.model.EntryGroup;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.Pin;
import dev.spillway.registry.model.Place;
import dev.spillway.registry.model.Selection;
import dev.spillway.registry.model.Use;
import dev.spillway.registry.model.Written;
import dev.spillway.registry.plan.TimeBounds;
import dev.spillway.registry.store.EntryRows;
import dev.spillway.registry.store.ExpiryRows;
import dev.spillway.registry.store.Rows.EntryLock;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** Entries, in one transaction. Not thread-safe. */
public final class EntryTable implements EntryRows, ExpiryRows {
    public static final String COLUMNS =
            "e.namespace, e.key, e.snapshot_id, e.generation, e.size_bytes, e.description, e.labels, e.last_use, e.external, "
                    + "e.created_at, e.last_accessed_at, e.pin_reason, e.pin_until, e.pinned_at, e.content, e.written_by, e.group_name, e.follows, e.uses, e.priority ";

    public static final RowMapper<EntryRow> MAPPER = (row, context) -> new EntryRow(
            new EntryName(new NamespaceName(row.getString("namespace")), new EntryKey(row.getString("key"))),
            new EntryRow.Image(
                    new SnapshotId(row.getString("snapshot_id")),
                    row.getLong("generation"),
                    row.getLong("size_bytes"),
                    new Description(row.getString("description"), Columns.labels(row, "labels"))),
            new Use(row.getLong("last_use"), Columns.instant(row, "last_accessed_at"), row.getLong("uses"), row.getDouble("priority")),
            row.getBoolean("external"),
            Columns.instant(row, "created_at"),
            pin(row),
            written(row),
            row.getBoolean("follows"));

    public static final String BY_NAME = "SELECT " + COLUMNS + """
            FROM entries e WHERE (e.namespace, e.key) IN (SELECT unnest(:namespaces), unnest(:keys)) ORDER BY e.namespace, e.key""";

    /** Condition for the entries after a place in the order of eviction. */
    public static final String BEHIND = "(e.priority, e.last_use) > (:afterPriority, :afterUse)";

    public static final String VICTIMS = "SELECT " + COLUMNS + "FROM entries e WHERE e.namespace = :namespace AND " + BEHIND + """
            AND e.pin_reason IS NULL AND NOT e.follows ORDER BY e.priority, e.last_use LIMIT :limit""";

    static final String OF_GROUPS = "SELECT " + COLUMNS + """
            FROM entries e WHERE (e.namespace, e.group_name) IN (SELECT unnest(:namespaces), unnest(:groups)) AND e.group_name IS NOT NULL
            ORDER BY e.namespace, e.key""";

    public static final String PINNED = "SELECT " + COLUMNS
            + """
                    FROM entries e WHERE e.namespace = :namespace AND e.pin_reason IS NOT NULL ORDER BY e.priority, e.last_use LIMIT :limit FOR UPDATE""";

    public static final String PINS_ENDED = "SELECT " + COLUMNS + """
            FROM entries e WHERE e.namespace = :namespace AND e.pin_until < :now ORDER BY e.pin_until, e.key LIMIT :limit FOR UPDATE""";

    public static final String CREATED_UNTIL =
            "SELECT " + COLUMNS + """
                    FROM entries e WHERE e.namespace = :namespace AND e.created_at <= :latest AND e.pin_reason IS NULL
                    ORDER BY e.created_at, e.generation LIMIT :limit FOR UPDATE""";

    /** Condition for the entries of a namespace whose keys begin with a prefix, as a range of the key's index. */
    public static final String OF_PREFIX = "e.namespace = :namespace AND e.key >= :prefix AND e.key < :beyond";

    public static final String COUNT_UNPINNED = """
            SELECT count(*) AS entries, coalesce(sum(e.size_bytes), 0)::bigint AS bytes FROM entries e WHERE\s""" + OF_PREFIX
            + " AND e.pin_reason IS NULL";

    static final String COUNT_OVERDUE = """
            SELECT count(*) AS entries, coalesce(sum(e.size_bytes), 0)::bigint AS bytes FROM entries e
            WHERE %s AND e.pin_reason IS NULL
                AND (e.created_at <= :created OR (NOT e.follows AND e.last_accessed_at <= :used) OR (e.group_name IS NOT NULL AND EXISTS (
                    SELECT FROM entries m WHERE m.namespace = e.namespace AND m.group_name = e.group_name
                        AND (m.created_at <= :created OR (NOT m.follows AND m.last_accessed_at <= :used)))))""".formatted(OF_PREFIX);

    /**
     * A suffix such that prefix and suffix come after every key that begins with the prefix: it is longer than any key, and no character is greater.
     */
    private static final String GREATEST = "\uDBFF\uDFFF".repeat(256);

    public static final String DUE =
            """
                    SELECT n.name FROM namespaces n WHERE n.draining
                        OR n.ttl_millis IS NOT NULL AND (
                            SELECT e.created_at FROM entries e WHERE e.namespace = n.name AND e.pin_reason IS NULL
                            ORDER BY e.created_at, e.generation LIMIT 1) <= now() - n.ttl_millis * interval '1 millisecond'
                        OR n.max_idle_millis IS NOT NULL AND (
                            SELECT e.last_accessed_at FROM entries e WHERE e.namespace = n.name AND e.pin_reason IS NULL AND NOT e.follows
                            ORDER BY e.priority, e.last_use LIMIT 1) <= now() - n.max_idle_millis * interval '1 millisecond'
                        OR n.pinned_entries > 0 AND (
                            SELECT e.pin_until FROM entries e WHERE e.namespace = n.name AND e.pin_until IS NOT NULL
                            ORDER BY e.pin_until, e.key LIMIT 1) < now()
                    ORDER BY n.name LIMIT :limit""";

    private static final String FROM_ARRAYS =
            """
                    FROM (SELECT unnest(:namespace), unnest(:key), unnest(:snapshot), unnest(:generation), unnest(:size), unnest(:description),
                            unnest(:labels::text[]::jsonb[]), unnest(:use), unnest(:external), unnest(:created), unnest(:accessed), unnest(:pinReason),
                            unnest(:pinUntil), unnest(:pinnedAt), unnest(:content), unnest(:writtenBy), unnest(:group), unnest(:follows),
                            unnest(:uses), unnest(:priority))
                        AS u (namespace, key, snapshot_id, generation, size_bytes, description, labels, last_use, external, created_at, last_accessed_at,
                              pin_reason, pin_until, pinned_at, content, written_by, group_name, follows, uses, priority)
                    """;

    private final Handle handle;
    private final LeastPlaces leastPlaces;
    private final VictimPrefetch ahead;
    private final NamespaceTable namespaces;
    private final long epoch;
    private final Instant now;
    private final Set<EntryName> stored = new HashSet<>();

    EntryTable(Handle handle, LeastPlaces leastPlaces, VictimPrefetch ahead, NamespaceTable namespaces, long epoch, Instant now) {
        this.handle = handle;
        this.ahead = ahead;
        this.leastPlaces = leastPlaces;
        this.epoch = epoch;
        this.namespaces = namespaces;
        this.now = now;
    }

    Supplier<Map<EntryName, EntryRow>> lock(SortedSet<EntryName> names, EntryLock lock, Script script) {
        String sql = BY_NAME + switch (lock) {
            case SHARED -> " FOR SHARE OF e";
            case EXCLUSIVE -> " FOR UPDATE OF e";
        };
        Script.Found<EntryRow> rows = Columns.of(names)
                .texts("namespaces", EntryName::namespace)
                .texts("keys", EntryName::key)
                .addTo(script, sql, MAPPER);
        return () -> {
            Map<EntryName, EntryRow> found = new HashMap<>();
            rows.rows().forEach(row -> found.put(row.name(), row));
            stored.addAll(found.keySet());
            return found;
        };
    }

    @Override
    public Map<EntryName, EntryRow> lockEntries(SortedSet<EntryName> names, EntryLock lock) {
        return Script.run(handle, script -> lock(names, lock, script));
    }

    @Override
    public List<EntryRow> lockVictims(NamespaceName namespace, Place after, int limit) {
        NamespaceRow row = namespaces.held(namespace);
        if (row == null) {
            return locked(victims(VICTIMS + " FOR UPDATE", namespace, after, limit));
        }
        return locked(
                leastPlaces.page(new LeastPlaces.Era(epoch, row.placeReturns()), namespace, row.priorityFloor(), after, limit, from -> {
                    Optional<List<EntryRow>> read = ahead.page(namespace, from, limit);
                    return read.isPresent() ? read.get() : victims(VICTIMS + " FOR UPDATE", namespace, from, limit);
                }));
    }

    @Override
    public List<EntryRow> victims(NamespaceName namespace, Place after, int limit) {
        return victims(VICTIMS, namespace, after, limit);
    }

    private List<EntryRow> victims(String sql, NamespaceName namespace, Place after, int limit) {
        return behind(pageOf(sql, namespace, limit), after).map(MAPPER).list();
    }

    /** Binds the parameters of {@link #BEHIND}. */
    public static Query behind(Query query, Place after) {
        return query.bind("afterPriority", after.priority()).bind("afterUse", after.use());
    }

    @Override
    public List<EntryRow> lockGroups(SortedSet<EntryGroup> groups) {
        return locked(ofGroups(OF_GROUPS + " FOR UPDATE OF e", groups));
    }

    @Override
    public List<EntryRow> groups(SortedSet<EntryGroup> groups) {
        return ofGroups(OF_GROUPS, groups);
    }

    private List<EntryRow> ofGroups(String sql, SortedSet<EntryGroup> groups) {
        return Columns.of(groups)
                .texts("namespaces", EntryGroup::namespace)
                .texts("groups", EntryGroup::name)
                .bindTo(handle.createQuery(sql))
                .map(MAPPER)
                .list();
    }

    @Override
    public Selection countUnpinned(NamespaceName namespace, EntryKey prefix) {
        return selected(ofPrefix(handle.createQuery(COUNT_UNPINNED), namespace, prefix.value()));
    }

    @Override
    public Selection countOverdue(NamespaceName namespace, TimeBounds times, String prefix) {
        if (times.judgeNothing()) {
            return Selection.NONE;
        }
        return selected(
                ofPrefix(handle.createQuery(COUNT_OVERDUE), namespace, prefix)
                        .bind("created", times.createdUntil())
                        .bind("used", times.usedUntil()));
    }

    private static Selection selected(Query counted) {
        return counted.map((row, context) -> new Selection(row.getLong("entries"), row.getLong("bytes"))).one();
    }

    /** Binds the parameters of {@link #OF_PREFIX}. */
    public static Query ofPrefix(Query query, NamespaceName namespace, String prefix) {
        return query.bind("namespace", namespace.value()).bind("prefix", prefix).bind("beyond", prefix + GREATEST);
    }

    @Override
    public List<EntryRow> lockPinned(NamespaceName namespace, int limit) {
        return locked(pageOf(PINNED, namespace, limit).map(MAPPER).list());
    }

    @Override
    public List<EntryRow> lockPinsEnded(NamespaceName namespace, int limit) {
        return locked(pageOf(PINS_ENDED, namespace, limit).bind("now", now).map(MAPPER).list());
    }

    @Override
    public List<EntryRow> lockCreatedUntil(NamespaceName namespace, Instant latest, int limit) {
        return locked(pageOf(CREATED_UNTIL, namespace, limit).bind("latest", latest).map(MAPPER).list());
    }

    @Override
    public List<NamespaceName> namespacesDue(int limit) {
        return handle.createQuery(DUE).bind("limit", limit).map((row, context) -> new NamespaceName(row.getString("name"))).list();
    }

    private Query pageOf(String sql, NamespaceName namespace, int limit) {
        return handle.createQuery(sql).bind("namespace", namespace.value()).bind("limit", limit);
    }

    private List<EntryRow> locked(List<EntryRow> found) {
        found.forEach(row -> stored.add(row.name()));
        return found;
    }

    private static Written written(ResultSet row) throws SQLException {
        @Nullable
        String content = row.getString("content");
        @Nullable
        String by = row.getString("written_by");
        @Nullable
        String group = row.getString("group_name");
        return content == null && by == null && group == null ? Written.NONE
                : new Written(
                        content == null ? null : new ContentDigest(content),
                        by == null ? null : new HostId(by),
                        group == null ? null : new GroupName(group));
    }

    private static @Nullable Pin pin(ResultSet row) throws SQLException {
        @Nullable
        String reason = row.getString("pin_reason");
        return reason == null ? null
                : new Pin(new PinReason(reason), Columns.nullableInstant(row, "pin_until"), Columns.instant(row, "pinned_at"));
    }

    static void delete(Collection<EntryName> names, Script script) {
        Columns.of(names)
                .texts("namespaces", EntryName::namespace)
                .texts("keys", EntryName::key)
                .addTo(script, "DELETE FROM entries WHERE (namespace, key) IN (SELECT unnest(:namespaces), unnest(:keys))");
    }

    void write(Collection<EntryRow> rows, Script script) {
        List<EntryRow> added = new ArrayList<>();
        List<EntryRow> changed = new ArrayList<>();
        rows.forEach(row -> (stored.contains(row.name()) ? changed : added).add(row));
        columns(changed).addTo(script, """
                UPDATE entries e SET snapshot_id = u.snapshot_id, generation = u.generation, size_bytes = u.size_bytes,
                    description = u.description, labels = u.labels, last_use = u.last_use, external = u.external, created_at = u.created_at,
                    last_accessed_at = u.last_accessed_at, pin_reason = u.pin_reason, pin_until = u.pin_until, pinned_at = u.pinned_at,
                    content = u.content, written_by = u.written_by, group_name = u.group_name, follows = u.follows,
                    uses = u.uses, priority = u.priority
                """ + FROM_ARRAYS + " WHERE e.namespace = u.namespace AND e.key = u.key");
        columns(added).addTo(
                script,
                """
                        INSERT INTO entries (namespace, key, snapshot_id, generation, size_bytes, description, labels, last_use, external, created_at,
                            last_accessed_at, pin_reason, pin_until, pinned_at, content, written_by, group_name, follows, uses, priority) SELECT u.*
                        """
                        + FROM_ARRAYS);
    }

    private static Columns<EntryRow> columns(List<EntryRow> rows) {
        return Columns.of(rows)
                .texts("namespace", row -> row.name().namespace())
                .texts("key", row -> row.name().key())
                .texts("snapshot", EntryRow::snapshotId)
                .longs("generation", EntryRow::generation)
                .longs("size", EntryRow::sizeBytes)
                .texts("description", row -> row.description().text())
                .texts("labels", row -> Columns.json(row.description().labels()))
                .longs("use", EntryRow::lastUse)
                .booleans("external", EntryRow::external)
                .times("created", EntryRow::createdAt)
                .times("accessed", EntryRow::lastAccessedAt)
                .texts("pinReason", row -> row.pin() == null ? null : row.pin().reason())
                .times("pinUntil", row -> row.pin() == null ? null : row.pin().until())
                .times("pinnedAt", row -> row.pin() == null ? null : row.pin().at())
                .texts("content", row -> row.written().content())
                .texts("writtenBy", row -> row.written().by())
                .texts("group", row -> row.written().group())
                .booleans("follows", EntryRow::follows)
                .longs("uses", row -> row.use().count())
                .doubles("priority", row -> row.use().priority());
    }
}
