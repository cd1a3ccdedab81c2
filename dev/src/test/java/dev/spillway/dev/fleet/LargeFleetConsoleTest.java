package dev.spillway.dev.fleet;

import dev.spillway.bench.curves.Trace;
import dev.spillway.coordinator.curve.SampledAccesses;
import dev.spillway.coordinator.curve.Sampling;
import dev.spillway.coordinator.curve.UseModel;
import dev.spillway.events.EntryKey;
import dev.spillway.events.NamespaceName;
import dev.spillway.registry.trail.Access;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The console on a fleet of 1,000 hosts and 1,000,000 entries, of which nothing exists but the rows. How long each screen took, and its longest
 * task, both in milliseconds, are in {@code target/console/large.txt}; no test is decided by them.
 */
@Tag("full")
class LargeFleetConsoleTest {
    private static final int HOSTS = 1_000;
    private static final int ENTRIES = 1_000_000;
    private static final int EVICTIONS = 10_000;
    private static final int SCREENS = 13;
    /** Accesses that were folded into the curve of the namespace, and those that are yet to be. */
    private static final int FOLDED = 200_000;
    private static final int PENDING = 15_000;

    @TempDir
    Path scratch;

    /** Makes rows as a fleet would have left them, whose hosts were heard a moment ago for as long as the test takes. */
    private static void fill(Connection database) throws SQLException {
        try (Statement statement = database.createStatement()) {
            statement.execute(
                    """
                            INSERT INTO hosts (host_id, store_id, address, state, incarnation, process_id, partition, last_heard_at, replicas, bytes, held, trash,
                                free_bytes, readmitted, reconcile_first, last_reconciled_at)
                            SELECT 'host-' || n, gen_random_uuid(), '127.0.0.1:' || 10000 + n, 'ACTIVE', 1, gen_random_uuid(), n %% 4, now() + interval '1 day',
                                %2$d / %1$d, %2$d / %1$d * 65536, 0, 0, 1000000000, false, false, now() FROM generate_series(1, %1$d) AS n"""
                            .formatted(HOSTS, ENTRIES));
            statement.execute("""
                    INSERT INTO namespaces (name, max_entries, max_eviction_share, entries, bytes, use_counter, hits, misses)
                    VALUES ('large', %1$d, 0.5, %1$d, %1$d * 65536::bigint, %1$d, 5000000, 500000)""".formatted(ENTRIES));
            statement.execute(
                    """
                            INSERT INTO entries (namespace, key, snapshot_id, generation, size_bytes, description, labels, last_use, external, created_at, last_accessed_at)
                            SELECT 'large', 'image-' || n, 'snapshot-' || n, n, 65536, '', '{}', n, false, now(), now() FROM generate_series(1, %d) AS n"""
                            .formatted(ENTRIES));
            statement.execute("""
                    INSERT INTO replicas (replica_id, host_id, namespace, key, snapshot_id, generation, size_bytes, registered_at)
                    SELECT gen_random_uuid(), 'host-' || 1 + n %% %d, 'large', 'image-' || n, 'snapshot-' || n, n, 65536, now()
                    FROM generate_series(1, %d) AS n""".formatted(HOSTS, ENTRIES));
            statement.execute(
                    """
                            INSERT INTO evictions (eviction_id, namespace, key, snapshot_id, generation, size_bytes, cause, actor, replicas, labels, evicted_at, unfinished,
                                published_at, publish_next_at)
                            SELECT gen_random_uuid(), 'large', 'gone-' || n, 'snapshot', n, 65536, 'CAPACITY', 'client:anonymous', 1, '{}', now(), false, now(), now()
                            FROM generate_series(1, %d) AS n"""
                            .formatted(EVICTIONS));
            fillCurve(database);
            statement.execute("SELECT setval('generations', %d)".formatted(ENTRIES));
            statement.execute("ANALYZE");
        }
    }

    /** Makes a curve as large as one becomes. */
    private static void fillCurve(Connection database) throws SQLException {
        UseModel model = UseModel.empty();
        model.take(List.of(accesses(FOLDED)), ENTRIES);
        SampledAccesses pending = accesses(PENDING);
        try (PreparedStatement curve = database.prepareStatement("INSERT INTO curves (namespace, threshold, model) VALUES ('large', ?, ?)");
                PreparedStatement samples = database.prepareStatement(
                        """
                                INSERT INTO curve_samples (namespace, threshold, hits, fills, misses, samples) VALUES ('large', ?, ?, 0, 0, ?)""")) {
            curve.setLong(1, model.threshold());
            curve.setBytes(2, model.written());
            curve.execute();
            samples.setLong(1, pending.threshold());
            samples.setLong(2, pending.hits());
            samples.setBytes(3, pending.packed());
            samples.execute();
        }
    }

    /** Reads that hit, most of all popular keys. */
    private static SampledAccesses accesses(int number) {
        IntUnaryOperator popular = Trace.zipf(ENTRIES, 0.8, number);
        SampledAccesses.Gathering gathering = new SampledAccesses.Gathering(Sampling.ALL);
        for (int read = 0; read < number; read++) {
            EntryKey key = new EntryKey("image-" + popular.applyAsInt(read));
            gathering.take(new Access.Used(new NamespaceName("large"), key, read, 65_536, 1, 1, false));
        }
        return gathering.taken();
    }

    @Test
    void everyScreenComesOnALargeFleet() throws Exception {
        Browser browser = Browser.prepare(scratch, "console");
        try (FleetInProcess fleet = new FleetInProcess(scratch.resolve("fleet"), 0);
                Connection database = fleet.database()) {
            fill(database);
            Browser.Ran ran = browser.run("node", "large.mjs", fleet.url(), "image-500000", "host-500");
            assertThat(ran.exitCode()).as(ran.output()).isZero();
            List<String> lines = ran.output().lines().toList();
            assertThat(lines).as(ran.output()).hasSize(SCREENS + 1).endsWith("all screens came");
            keep(lines);
        }
    }

    private static void keep(List<String> lines) throws IOException {
        Path folder = Files.createDirectories(Path.of("target/console"));
        Files.write(folder.resolve("large.txt"), lines);
    }
}
