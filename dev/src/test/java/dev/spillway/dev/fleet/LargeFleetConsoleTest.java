package dev.spillway.dev.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The console on a fleet of 1,000 hosts and 1,000,000 entries, of which nothing exists but the rows. How long each screen took is in
 * {@code target/console/large.txt}; no test is decided by it.
 */
@Tag("full")
class LargeFleetConsoleTest {
    private static final int HOSTS = 1_000;
    private static final int ENTRIES = 1_000_000;
    private static final int EVICTIONS = 10_000;
    private static final int SCREENS = 12;

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
            statement.execute("SELECT setval('generations', %d)".formatted(ENTRIES));
            statement.execute("ANALYZE");
        }
    }

    @Test
    void everyScreenComesOnALargeFleet() throws Exception {
        Browser browser = Browser.prepare(scratch, "large.mjs");
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
