package dev.spillway.bench.registry;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.measure.Load;
import dev.spillway.bench.measure.MeasuredOperation;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.registry.RegistryQueries.ReplicaView;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.jdbi.v3.core.Handle;

/**
 * The baseline of gets: one prepared statement each, committed by itself, every caller on a connection of its own. The touching one draws the
 * order of use from a sequence and counts no hits, so that gets wait for nothing but rows and the disk; the other reads the entry and its
 * replicas at once.
 */
final class StatementPerGet implements Load {
    private static final String TOUCH = """
            UPDATE entries SET last_use = nextval('bench_uses'), last_accessed_at = now() WHERE namespace = :namespace AND key = :key
            RETURNING snapshot_id, generation, size_bytes, description, labels::text AS labels, created_at, last_accessed_at""";
    private static final String READ =
            """
                    SELECT e.snapshot_id, e.generation, e.size_bytes, e.description, e.labels::text AS labels, e.created_at, e.last_accessed_at,
                        r.replica_id, r.host_id, h.store_id, h.address, CASE WHEN r.doom_cause IS NULL THEN 'LIVE' ELSE 'DOOMED' END AS state, r.registered_at
                    FROM entries e LEFT JOIN replicas r ON r.generation = e.generation AND r.namespace = e.namespace AND r.key = e.key
                        LEFT JOIN hosts h ON h.host_id = r.host_id
                    WHERE e.namespace = :namespace AND e.key = :key""";

    private final FilledRegistry stage;
    private final boolean touch;
    private List<EntryName> names = List.of();
    private long usesBefore;

    private StatementPerGet(FilledRegistry stage, boolean touch) {
        this.stage = stage;
        this.touch = touch;
    }

    static StatementPerGet touching(FilledRegistry stage) {
        return new StatementPerGet(stage, true);
    }

    static StatementPerGet untouched(FilledRegistry stage) {
        return new StatementPerGet(stage, false);
    }

    private record Entry(
            SnapshotId snapshotId,
            long generation,
            long sizeBytes,
            String description,
            String labels,
            Instant createdAt,
            Instant lastAccessedAt,
            List<ReplicaView> replicas) {}

    @Override
    public void prepare() {
        names = stage.names();
        usesBefore = uses();
    }

    @Override
    public MeasuredOperation caller(int number) {
        RandomGenerator random = new SplittableRandom();
        Handle handle = stage.database().jdbi().open();
        return new MeasuredOperation() {
            @Override
            public Outcome call() {
                EntryName name = names.get(random.nextInt(names.size()));
                List<Entry> found = handle.createQuery(touch ? TOUCH : READ)
                        .bind("namespace", name.namespace().value())
                        .bind("key", name.key().value())
                        .map((row, context) -> entry(row))
                        .list();
                if (found.size() != 1) {
                    throw new BenchmarkFailedException("rows of " + name + ": " + found.size() + " (expected: 1, it has one replica)");
                }
                return Outcome.DONE;
            }

            @Override
            public void close() {
                handle.close();
            }
        };
    }

    private Entry entry(ResultSet row) throws SQLException {
        List<ReplicaView> replicas = touch ? List.of()
                : List.of(
                        new ReplicaView(
                                new ReplicaId(row.getObject("replica_id", UUID.class)),
                                new HostId(row.getString("host_id")),
                                new StoreId(row.getObject("store_id", UUID.class)),
                                row.getString("address"),
                                row.getString("state"),
                                instant(row, "registered_at"),
                                null));
        return new Entry(
                new SnapshotId(row.getString("snapshot_id")),
                row.getLong("generation"),
                row.getLong("size_bytes"),
                row.getString("description"),
                row.getString("labels"),
                instant(row, "created_at"),
                instant(row, "last_accessed_at"),
                replicas);
    }

    private static Instant instant(ResultSet row, String column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }

    private long uses() {
        return stage.database()
                .jdbi()
                .withHandle(
                        handle -> handle.createQuery("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM bench_uses")
                                .mapTo(Long.class)
                                .one());
    }

    @Override
    public void verify(long done) {
        // The names are released, because the long run measures the heap.
        names = List.of();
        long drawn = uses() - usesBefore;
        // A get that waited for another of its entry draws again.
        if (touch ? drawn < done : drawn != 0) {
            throw new BenchmarkFailedException(
                    "uses drawn in %s after %,d gets: %,d (expected: %s)".formatted(
                            stage.database().name(),
                            done,
                            drawn,
                            touch ? "as many or more" : "none"));
        }
    }
}
