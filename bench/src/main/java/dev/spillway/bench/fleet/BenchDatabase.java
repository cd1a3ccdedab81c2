package dev.spillway.bench.fleet;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.embedded.PostgresServer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.postgres.PostgresPlugin;
import org.postgresql.ds.PGSimpleDataSource;

/** One database of the server. Thread-safe. */
public record BenchDatabase(PostgresServer server, String name) {
    private static final List<String> DURABLE = List.of("fsync", "full_page_writes", "synchronous_commit");
    private static final List<String> SHOWN =
            List.of(
                    "server_version",
                    "fsync",
                    "full_page_writes",
                    "synchronous_commit",
                    "wal_sync_method",
                    "commit_delay",
                    "shared_buffers",
                    "max_wal_size",
                    "checkpoint_timeout",
                    "wal_compression",
                    "wal_level",
                    "wal_buffers",
                    "data_checksums",
                    "autovacuum",
                    "default_transaction_isolation",
                    "max_connections");

    public static BenchDatabase create(PostgresServer server, String name) {
        new BenchDatabase(server, "postgres").jdbi().useHandle(handle -> handle.execute("CREATE DATABASE " + name));
        return new BenchDatabase(server, name);
    }

    public String url() {
        return server.jdbcUrl(name);
    }

    /** Every handle is a connection of its own. */
    public Jdbi jdbi() {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setUrl(url());
        source.setUser(server.user());
        source.setPassword(server.password());
        source.setApplicationName("spillway-bench");
        return Jdbi.create(source).installPlugin(new PostgresPlugin());
    }

    /** Vacuums and checkpoints after a bulk fill, so that the first run does not pay for it. */
    public void settle() {
        jdbi().useHandle(handle -> {
            handle.execute("VACUUM (ANALYZE)");
            handle.execute("CHECKPOINT");
        });
    }

    public void drop() {
        new BenchDatabase(server, "postgres").jdbi().useHandle(handle -> handle.execute("DROP DATABASE " + name + " WITH (FORCE)"));
    }

    /**
     * Returns settings of the server.
     *
     * @throws BenchmarkFailedException if the server is not durable, because measurements on it would mean nothing
     */
    public Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        try (Handle handle = jdbi().open()) {
            for (String setting : SHOWN) {
                settings.put(setting, handle.createQuery("SELECT current_setting(:name)").bind("name", setting).mapTo(String.class).one());
            }
        }
        for (String setting : DURABLE) {
            if (!"on".equals(settings.get(setting))) {
                throw new BenchmarkFailedException(setting + ": " + settings.get(setting) + " (expected: on)");
            }
        }
        return settings;
    }
}
