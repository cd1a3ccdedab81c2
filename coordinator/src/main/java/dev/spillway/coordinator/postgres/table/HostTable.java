package dev.spillway.coordinator.postgres.table;

import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.statement.Script;
import dev.spillway.events.HostId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.registry.model.HostDrain;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.HostState;
import dev.spillway.registry.model.InUse;
import dev.spillway.registry.model.Sighting;
import dev.spillway.registry.store.HostRows;
import dev.spillway.registry.store.Rows.HostLock;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jspecify.annotations.Nullable;

/** Hosts, with the differences that reconciliations found, in one transaction. Not thread-safe. */
public final class HostTable implements HostRows {
    public static final String COLUMNS =
            "h.host_id, h.store_id, h.address, h.state, h.incarnation, h.partition, h.last_heard_at, h.replicas, h.bytes, h.held, "
                    + "h.trash, h.free_bytes, h.free_inodes, h.readmitted, h.reconcile_first, h.last_reconciled_at, h.attention, h.process_id, "
                    + "h.draining_since, h.drain_looked_to, h.drain_look_at, h.readopted_epoch ";

    public static final RowMapper<HostRow> MAPPER = (row, context) -> new HostRow(
            new HostId(row.getString("host_id")),
            HostState.valueOf(row.getString("state")),
            new HostRow.Incarnation(
                    row.getLong("incarnation"),
                    new StoreId(Columns.uuid(row, "store_id")),
                    row.getString("address"),
                    row.getInt("partition"),
                    Columns.uuid(row, "process_id")),
            new HostRow.LastHeard(
                    Columns.instant(row, "last_heard_at"),
                    figures(row),
                    Columns.nullableInstant(row, "last_reconciled_at"),
                    row.getLong("readopted_epoch")),
            new HostRow.Participation(
                    row.getBoolean("readmitted"),
                    row.getBoolean("reconcile_first"),
                    row.getString("attention"),
                    drain(row)));

    private static HostFigures figures(ResultSet row) throws SQLException {
        return new HostFigures(
                row.getLong("replicas"),
                row.getLong("bytes"),
                row.getLong("held"),
                row.getLong("trash"),
                row.getLong("free_bytes"),
                Columns.nullableLong(row, "free_inodes"));
    }

    private static @Nullable HostDrain drain(ResultSet row) throws SQLException {
        Instant since = Columns.nullableInstant(row, "draining_since");
        UUID lookedTo = Columns.nullableUuid(row, "drain_looked_to");
        return since == null ? null
                : new HostDrain(since, lookedTo == null ? null : new ReplicaId(lookedTo), Columns.instant(row, "drain_look_at"));
    }

    private static final String FROM_ARRAYS =
            """
                    FROM unnest(:id, :store, :address, :state, :incarnation, :partition, :heard, :replicas, :bytes, :held, :trash, :free, :inodes, :readmitted,
                                 :reconcileFirst, :reconciled, :attention, :process, :draining, :lookedTo, :lookAt, :readopted)
                         AS u (host_id, store_id, address, state, incarnation, partition, last_heard_at, replicas, bytes, held, trash, free_bytes, free_inodes, readmitted,
                               reconcile_first, last_reconciled_at, attention, process_id, draining_since, drain_looked_to, drain_look_at,
                               readopted_epoch)
                    """;

    private final Handle handle;
    private final int partitions;
    private final Set<HostId> stored = new HashSet<>();
    /** Hosts that were locked when the transaction was opened, with their locks. */
    private SortedMap<HostId, HostLock> heldLocks = Collections.emptySortedMap();
    private Map<HostId, HostRow> held = Map.of();

    HostTable(Handle handle, int partitions) {
        this.handle = handle;
        this.partitions = partitions;
    }

    /** Takes note of hosts that were locked when the transaction was opened. */
    void lockedAhead(SortedMap<HostId, HostLock> locks, Map<HostId, HostRow> rows) {
        heldLocks = locks;
        held = rows;
    }

    @Override
    public Map<HostId, HostRow> lockHosts(SortedSet<HostId> ids, HostLock lock) {
        SortedMap<HostId, HostLock> missing = new TreeMap<>();
        ids.stream().filter(id -> !isHeld(id, lock)).forEach(id -> missing.put(id, lock));
        Map<HostId, HostRow> found = new HashMap<>(held);
        found.keySet().retainAll(ids);
        if (!missing.isEmpty()) {
            found.putAll(Script.run(handle, script -> lock(missing, script)));
        }
        return found;
    }

    private boolean isHeld(HostId id, HostLock lock) {
        HostLock granted = heldLocks.get(id);
        return granted != null && granted.compareTo(lock) >= 0;
    }

    /** Adds the statements that lock hosts, weaker locks first. The result is available once the script has run. */
    Supplier<Map<HostId, HostRow>> lock(SortedMap<HostId, HostLock> locks, Script script) {
        List<Script.Found<HostRow>> locked = new ArrayList<>();
        for (HostLock lock : HostLock.values()) {
            locked.add(lock(locks.keySet().stream().filter(id -> locks.get(id) == lock).toList(), lock, script));
        }
        return () -> {
            Map<HostId, HostRow> found = new HashMap<>();
            locked.forEach(rows -> rows.rows().forEach(row -> found.put(row.id(), row)));
            stored.addAll(found.keySet());
            return found;
        };
    }

    private static Script.Found<HostRow> lock(List<HostId> ids, HostLock lock, Script script) {
        String sql = "SELECT " + COLUMNS + " FROM hosts h WHERE h.host_id = ANY(:ids) ORDER BY h.host_id FOR " + switch (lock) {
            case FENCE -> "KEY SHARE";
            case HEARTBEAT -> "NO KEY UPDATE";
            case INCARNATION -> "UPDATE";
        };
        return Columns.of(ids).texts("ids", id -> id).addTo(script, sql, MAPPER);
    }

    @Override
    public List<HostRow> lockHostsUnheardSince(Instant deadline, int limit) {
        List<HostRow> found = handle.createQuery("SELECT " + COLUMNS + """
                FROM hosts h WHERE h.state = 'ACTIVE' AND h.last_heard_at < :deadline ORDER BY h.host_id LIMIT :limit
                FOR NO KEY UPDATE SKIP LOCKED""").bind("deadline", deadline).bind("limit", limit).map(MAPPER).list();
        found.forEach(row -> stored.add(row.id()));
        return found;
    }

    @Override
    public List<HostRow> lockHostsToRelieve(int limit) {
        List<HostRow> found = handle.createQuery("SELECT " + COLUMNS + """
                FROM hosts h WHERE h.draining_since IS NOT NULL AND h.state <> 'RETIRED' AND h.drain_look_at <= now()
                ORDER BY h.host_id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED""").bind("limit", limit).map(MAPPER).list();
        found.forEach(row -> stored.add(row.id()));
        return found;
    }

    @Override
    public Optional<HostId> otherHostOf(StoreId store, HostId than) {
        return handle.createQuery("SELECT host_id FROM hosts WHERE store_id = :store AND host_id <> :than AND state <> 'RETIRED'")
                .bind("store", store.value())
                .bind("than", than.value())
                .mapTo(String.class)
                .findOne()
                .map(HostId::new);
    }

    @Override
    public int leastLoadedPartition(int current) {
        return handle
                .createQuery(
                        """
                                SELECT p FROM generate_series(0, :last) AS p LEFT JOIN hosts h ON h.partition = p AND h.state <> 'RETIRED' AND h.draining_since IS NULL
                                GROUP BY p ORDER BY count(h.host_id) - CASE WHEN p = :current THEN 1 ELSE 0 END, p <> :current, p LIMIT 1""")
                .bind("last", partitions - 1)
                .bind("current", current)
                .mapTo(Integer.class)
                .one();
    }

    @Override
    public Map<ReplicaId, Sighting> sightings(HostId host) {
        Map<ReplicaId, Sighting> found = new HashMap<>();
        handle.createQuery("SELECT replica_id, kind, first_seen_at, looks FROM sightings WHERE host_id = :host")
                .bind("host", host.value())
                .map(
                        (row, context) -> new Sighting(
                                host,
                                new ReplicaId(Columns.uuid(row, "replica_id")),
                                Sighting.Kind.valueOf(row.getString("kind")),
                                Columns.instant(row, "first_seen_at"),
                                row.getInt("looks")))
                .forEach(sighting -> found.put(sighting.replicaId(), sighting));
        return found;
    }

    @Override
    public boolean isAnyHostUnheard(long epoch) {
        return handle.createQuery("SELECT EXISTS (SELECT FROM hosts WHERE state <> 'RETIRED' AND readopted_epoch < :epoch)")
                .bind("epoch", epoch)
                .mapTo(Boolean.class)
                .one();
    }

    /** Writes hosts. One that did not exist when it was locked is inserted; if another transaction was faster, the unique key refuses it. */
    void write(Collection<HostRow> rows, Script script) {
        List<HostRow> added = new ArrayList<>();
        List<HostRow> changed = new ArrayList<>();
        rows.forEach(row -> (stored.contains(row.id()) ? changed : added).add(row));
        columns(changed).addTo(
                script,
                """
                        UPDATE hosts h SET store_id = u.store_id, address = u.address, state = u.state, incarnation = u.incarnation, partition = u.partition,
                            last_heard_at = u.last_heard_at, replicas = u.replicas, bytes = u.bytes, held = u.held, trash = u.trash,
                            free_bytes = u.free_bytes, free_inodes = u.free_inodes, readmitted = u.readmitted, reconcile_first = u.reconcile_first,
                            last_reconciled_at = u.last_reconciled_at, attention = u.attention, process_id = u.process_id,
                            draining_since = u.draining_since, drain_looked_to = u.drain_looked_to, drain_look_at = u.drain_look_at,
                            readopted_epoch = u.readopted_epoch
                        """
                        + FROM_ARRAYS + " WHERE h.host_id = u.host_id");
        columns(added).addTo(
                script,
                """
                        INSERT INTO hosts (host_id, store_id, address, state, incarnation, partition, last_heard_at, replicas, bytes, held, trash,
                            free_bytes, free_inodes, readmitted, reconcile_first, last_reconciled_at, attention, process_id, draining_since, drain_looked_to, drain_look_at,
                            readopted_epoch) SELECT u.*
                        """
                        + FROM_ARRAYS);
    }

    private static Columns<HostRow> columns(List<HostRow> rows) {
        return Columns.of(rows)
                .texts("id", HostRow::id)
                .uuids("store", row -> row.storeId().value())
                .texts("address", HostRow::address)
                .texts("state", HostRow::state)
                .longs("incarnation", HostRow::incarnation)
                .ints("partition", HostRow::partition)
                .times("heard", HostRow::lastHeardAt)
                .longs("replicas", row -> row.figures().replicas())
                .longs("bytes", row -> row.figures().bytes())
                .longs("held", row -> row.figures().held())
                .longs("trash", row -> row.figures().trash())
                .longs("free", row -> row.figures().freeBytes())
                .nullableLongs("inodes", row -> row.figures().freeInodes())
                .booleans("readmitted", HostRow::readmitted)
                .booleans("reconcileFirst", HostRow::reconcileFirst)
                .times("reconciled", HostRow::lastReconciledAt)
                .texts("attention", HostRow::attention)
                .uuids("process", HostRow::processId)
                .times("draining", row -> of(row, HostDrain::since))
                .uuids("lookedTo", row -> {
                    ReplicaId lookedTo = of(row, HostDrain::lookedTo);
                    return lookedTo == null ? null : lookedTo.value();
                })
                .times("lookAt", row -> of(row, HostDrain::lookAt))
                .longs("readopted", HostRow::readoptedEpoch);
    }

    private static <V> @Nullable V of(HostRow row, Function<HostDrain, @Nullable V> value) {
        HostDrain drain = row.drain();
        return drain == null ? null : value.apply(drain);
    }

    /** Replaces the copies in use of each host. Unchanged rows, which are most of them, are not written. */
    static void replaceInUse(Map<HostId, List<InUse>> inUse, Script script) {
        List<Map.Entry<HostId, InUse>> all = new ArrayList<>();
        inUse.forEach((host, replicas) -> byReplica(replicas, InUse::replicaId).forEach(replica -> all.add(Map.entry(host, replica))));
        Columns.of(all)
                .texts("host", Map.Entry::getKey)
                .uuids("replica", one -> one.getValue().replicaId().value())
                .times("until", one -> one.getValue().until())
                .longs("holds", one -> one.getValue().holds())
                .addTo(script, """
                        INSERT INTO held_replicas AS h (host_id, replica_id, held_until, holds)
                        SELECT u.* FROM unnest(:host, :replica, :until, :holds) AS u ON CONFLICT (host_id, replica_id) DO UPDATE
                        SET held_until = excluded.held_until, holds = excluded.holds
                        WHERE (h.held_until, h.holds) IS DISTINCT FROM (excluded.held_until, excluded.holds)""");
        inUse.forEach(
                (host, replicas) -> Columns.of(List.of(host))
                        .texts("hosts", id -> id)
                        .value("told", Columns.uuids(replicas, replica -> replica.replicaId().value()))
                        .addTo(script, "DELETE FROM held_replicas WHERE host_id = ANY(:hosts) AND replica_id <> ALL (:told)"));
    }

    static void replaceSightings(Map<HostId, List<Sighting>> sightings, Script script) {
        Columns.of(sightings.keySet()).texts("hosts", id -> id).addTo(script, "DELETE FROM sightings WHERE host_id = ANY(:hosts)");
        List<Sighting> all = new ArrayList<>();
        sightings.values().forEach(ofHost -> all.addAll(byReplica(ofHost, Sighting::replicaId)));
        Columns.of(all)
                .texts("host", Sighting::hostId)
                .uuids("replica", sighting -> sighting.replicaId().value())
                .texts("kind", Sighting::kind)
                .times("first", Sighting::firstSeenAt)
                .ints("looks", Sighting::looks)
                .addTo(script, """
                        INSERT INTO sightings (host_id, replica_id, kind, first_seen_at, looks)
                        SELECT u.* FROM unnest(:host, :replica, :kind, :first, :looks) AS u""");
    }

    /** Returns one value per replica. A message may name a replica twice, and the last value counts. */
    private static <T> Collection<T> byReplica(List<T> told, Function<T, ReplicaId> id) {
        Map<ReplicaId, T> last = new LinkedHashMap<>();
        told.forEach(one -> last.put(id.apply(one), one));
        return last.values();
    }
}
