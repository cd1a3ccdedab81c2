package dev.spillway.bench.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectWriter;
import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.measure.Load;
import dev.spillway.bench.measure.MeasuredOperation;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.codec.Json;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.Sender;
import dev.spillway.registry.trail.Activity;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import org.jdbi.v3.core.Handle;

/**
 * The baseline: one transaction of separate statements per put, the same rows. Every statement is prepared once per connection and steps through
 * an index. Every caller keeps its connection. The statement that records the replica id also checks the fence. The search for the victim begins
 * behind the last one that went, because dead index entries gather in front of it.
 */
final class TransactionPerPut implements Load {
    /** Rows that one put with an eviction adds, by table. The namespace, its figures and the evicted entry change in place. */
    static final SortedMap<String, Long> ROWS_LEFT = Collections.unmodifiableSortedMap(
            new TreeMap<>(
                    Map.of("replica_ids", 1L, "replicas", 1L, RowCounts.DOOMED, 1L, "open_orders", 1L, "evictions", 1L, "activity", 1L)));

    /** Source of the order of use for this baseline and its gets. Above every number that the filling drew. */
    private static final String USES = "CREATE SEQUENCE IF NOT EXISTS bench_uses AS bigint MINVALUE 1000000000000 CACHE 1";

    private static final String RECORD = """
            INSERT INTO replica_ids (replica_id, host_id, incarnation, recorded_at)
            SELECT :id, h.host_id, h.incarnation, now() FROM hosts h
            WHERE h.host_id = :host AND h.store_id = :store AND h.incarnation = :incarnation AND h.state <> 'RETIRED' FOR KEY SHARE
            ON CONFLICT DO NOTHING""";
    private static final String NAMESPACE = "SELECT entries, max_entries FROM namespaces WHERE name = :namespace FOR UPDATE";
    private static final String ENTRY = """
            INSERT INTO entries (namespace, key, snapshot_id, generation, size_bytes, description, labels, last_use, external, created_at,
                last_accessed_at)
            VALUES (:namespace, :key, :snapshot, nextval('generations'), :size, '', '{}', nextval('bench_uses'), false, now(), now())
            ON CONFLICT (namespace, key) DO NOTHING RETURNING generation""";
    private static final String REPLICA = """
            INSERT INTO replicas (replica_id, host_id, namespace, key, snapshot_id, generation, size_bytes, registered_at)
            VALUES (:id, :host, :namespace, :key, :snapshot, :generation, :size, now())""";
    private static final String VICTIM = """
            DELETE FROM entries WHERE namespace = :namespace AND pin_reason IS NULL AND NOT follows AND priority = 0 AND last_use = (
                SELECT last_use FROM entries WHERE namespace = :namespace AND pin_reason IS NULL AND NOT follows AND priority = 0
                    AND last_use > :after ORDER BY last_use LIMIT 1)
            RETURNING key, snapshot_id, generation, size_bytes, labels::text AS labels, last_use""";
    private static final String DOOM = """
            UPDATE replicas SET doom_cause = 'CAPACITY', eviction_id = :eviction, doomed_at = now(), attempts = 0, next_attempt_at = now()
            WHERE generation = :generation AND namespace = :namespace AND key = :key AND doom_cause IS NULL""";
    private static final String ORDER =
            """
                    INSERT INTO open_orders (host_id, next_attempt_at, replica_id, doomed_at)
                    SELECT host_id, next_attempt_at, replica_id, doomed_at FROM replicas WHERE generation = :generation AND eviction_id = :eviction""";
    private static final String EVICTION =
            """
                    INSERT INTO evictions (eviction_id, namespace, key, snapshot_id, generation, size_bytes, cause, actor, replicas, labels, evicted_at,
                        unfinished, publish_next_at)
                    VALUES (:eviction, :namespace, :key, :snapshot, :generation, :size, 'CAPACITY', 'bench', :replicas, :labels::jsonb, now(), false, now())""";
    private static final String ACTIVITY = "INSERT INTO activity (at, what) VALUES (now(), :what)";
    private static final String COUNT = """
            INSERT INTO eviction_counts AS c (namespace, cause, count) VALUES (:namespace, 'CAPACITY', 1)
            ON CONFLICT (namespace, cause) DO UPDATE SET count = c.count + 1""";
    private static final String FIGURES =
            "UPDATE namespaces SET entries = entries + :entries, bytes = bytes + :bytes WHERE name = :namespace";

    private static final ObjectWriter JSON = Json.tolerant().writerFor(Activity.class);

    private final FilledRegistry stage;
    private final AtomicLong lastVictim = new AtomicLong();
    private RowCounts before;

    TransactionPerPut(FilledRegistry stage) {
        this.stage = stage;
        stage.database().jdbi().useHandle(handle -> handle.execute(USES));
        before = stage.counts();
    }

    private record Capacity(long entries, long most) {}

    private record Victim(EntryKey key, SnapshotId snapshotId, long generation, long sizeBytes, String labels, long lastUse) {}

    @Override
    public void prepare() {
        before = stage.counts();
    }

    @Override
    public MeasuredOperation caller(int number) {
        RandomGenerator random = new SplittableRandom();
        Handle handle = stage.database().jdbi().open();
        return new MeasuredOperation() {
            @Override
            public Outcome call() {
                ReplicaId id = FreshReplicas.mint(number, random);
                long victim = handle.inTransaction(open -> put(open, stage.sender(FreshReplicas.host(id)), stage.registration(id), random));
                // The cursor advances only after the commit, because an entry that a rollback restores must be found again.
                lastVictim.accumulateAndGet(victim, Math::max);
                return Outcome.DONE;
            }

            @Override
            public void close() {
                handle.close();
            }
        };
    }

    private long put(Handle handle, Sender sender, Registration item, RandomGenerator random) {
        requireOne(
                "replica id",
                handle.createUpdate(RECORD)
                        .bind("id", item.replicaId().value())
                        .bind("host", sender.hostId().value())
                        .bind("store", sender.storeId().value())
                        .bind("incarnation", sender.incarnation())
                        .execute());
        Capacity capacity = handle.createQuery(NAMESPACE)
                .bind("namespace", item.namespace().value())
                .map((row, context) -> new Capacity(row.getLong("entries"), row.getLong("max_entries")))
                .one();
        long generation = handle.createQuery(ENTRY)
                .bind("namespace", item.namespace().value())
                .bind("key", item.key().value())
                .bind("snapshot", item.snapshotId().value())
                .bind("size", item.sizeBytes())
                .mapTo(Long.class)
                .one();
        requireOne(
                "replica",
                handle.createUpdate(REPLICA)
                        .bind("id", item.replicaId().value())
                        .bind("host", sender.hostId().value())
                        .bind("namespace", item.namespace().value())
                        .bind("key", item.key().value())
                        .bind("snapshot", item.snapshotId().value())
                        .bind("generation", generation)
                        .bind("size", item.sizeBytes())
                        .execute());
        long evictedBytes = 0;
        long lastUse = 0;
        boolean full = capacity.entries() >= capacity.most();
        if (full) {
            Victim victim = evict(handle, item, random);
            evictedBytes = victim.sizeBytes();
            lastUse = victim.lastUse();
        }
        requireOne(
                "namespace",
                handle.createUpdate(FIGURES)
                        .bind("entries", full ? 0 : 1)
                        .bind("bytes", item.sizeBytes() - evictedBytes)
                        .bind("namespace", item.namespace().value())
                        .execute());
        return lastUse;
    }

    private Victim evict(Handle handle, Registration item, RandomGenerator random) {
        Victim victim = handle.createQuery(VICTIM)
                .bind("namespace", item.namespace().value())
                .bind("after", lastVictim.get())
                .map(
                        (row, context) -> new Victim(
                                new EntryKey(row.getString("key")),
                                new SnapshotId(row.getString("snapshot_id")),
                                row.getLong("generation"),
                                row.getLong("size_bytes"),
                                row.getString("labels"),
                                row.getLong("last_use")))
                .one();
        Instant now = Instant.now();
        EvictionId eviction = EvictionId.mint(now, random);
        int replicas = handle.createUpdate(DOOM)
                .bind("eviction", eviction.value())
                .bind("generation", victim.generation())
                .bind("namespace", item.namespace().value())
                .bind("key", victim.key().value())
                .execute();
        requireOne(
                "order",
                handle.createUpdate(ORDER).bind("generation", victim.generation()).bind("eviction", eviction.value()).execute());
        handle.createUpdate(EVICTION)
                .bind("eviction", eviction.value())
                .bind("namespace", item.namespace().value())
                .bind("key", victim.key().value())
                .bind("snapshot", victim.snapshotId().value())
                .bind("generation", victim.generation())
                .bind("size", victim.sizeBytes())
                .bind("replicas", replicas)
                .bind("labels", victim.labels())
                .execute();
        handle.createUpdate(ACTIVITY)
                .bind(
                        "what",
                        json(
                                new Activity.Evicted(
                                        now,
                                        eviction,
                                        item.namespace(),
                                        victim.key(),
                                        victim.snapshotId(),
                                        victim.generation(),
                                        EvictionCause.CAPACITY,
                                        replicas)))
                .execute();
        handle.createUpdate(COUNT).bind("namespace", item.namespace().value()).execute();
        return victim;
    }

    private static String json(Activity activity) {
        try {
            return JSON.writeValueAsString(activity);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("activity: " + activity + " (expected: what can be written as JSON)", e);
        }
    }

    private static void requireOne(String what, int rows) {
        if (rows != 1) {
            throw new BenchmarkFailedException(what + " rows written: " + rows + " (expected: 1)");
        }
    }

    @Override
    public void verify(long done) {
        stage.counts().requirePuts(stage.database().name(), before, done, ROWS_LEFT, stage.capacity());
    }
}
