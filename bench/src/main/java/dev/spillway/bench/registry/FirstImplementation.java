package dev.spillway.bench.registry;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.measure.Load;
import dev.spillway.bench.measure.MeasuredOperation;
import dev.spillway.events.ReplicaId;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.sqlite.SQLiteConfig;

/**
 * The first implementation's algorithm, on SQLite: each put counts all entries, sorts them by a column without an index, reads the victims by one
 * statement and deletes them by another; time is in whole seconds. It writes one small row per put and no others. It gets what makes SQLite fast:
 * a write-ahead log that is not synced at each commit, and one transaction around the statements of a put.
 */
final class FirstImplementation implements Load {
    private static final String PUT = "INSERT OR REPLACE INTO images (key, snapshot_id, last_accessed) VALUES (?, ?, ?)";
    private static final String COUNT = "SELECT COUNT(*) FROM images";
    private static final String VICTIMS = "SELECT snapshot_id FROM images ORDER BY last_accessed LIMIT ?";
    private static final String EVICT = "DELETE FROM images WHERE key IN (SELECT key FROM images ORDER BY last_accessed LIMIT ?)";

    private final String url;
    private final long capacity;

    /** Makes the file and fills it. */
    FirstImplementation(Path file, long capacity) {
        this.url = "jdbc:sqlite:" + file;
        this.capacity = capacity;
        RandomGenerator random = new SplittableRandom();
        try (Connection connection = connect(); Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE images (key TEXT PRIMARY KEY, snapshot_id TEXT NOT NULL, last_accessed INTEGER NOT NULL)");
            connection.setAutoCommit(false);
            try (PreparedStatement put = connection.prepareStatement(PUT)) {
                for (long entry = 0; entry < capacity; entry++) {
                    bind(put, FreshReplicas.mint(0, random));
                    put.executeUpdate();
                }
            }
            connection.commit();
        } catch (SQLException e) {
            throw new BenchmarkFailedException("filling " + file + ": " + e.getMessage(), e);
        }
    }

    long capacity() {
        return capacity;
    }

    private Connection connect() throws SQLException {
        SQLiteConfig config = new SQLiteConfig();
        config.setJournalMode(SQLiteConfig.JournalMode.WAL);
        config.setSynchronous(SQLiteConfig.SynchronousMode.NORMAL);
        return config.createConnection(url);
    }

    private static void bind(PreparedStatement put, ReplicaId id) throws SQLException {
        put.setString(1, FreshReplicas.key(id).value());
        put.setString(2, FreshReplicas.snapshot(id).value());
        put.setLong(3, Instant.now().getEpochSecond());
    }

    @Override
    public MeasuredOperation caller(int number) {
        RandomGenerator random = new SplittableRandom();
        try {
            return new Caller(connect(), number, random);
        } catch (SQLException e) {
            throw new BenchmarkFailedException("opening " + url + ": " + e.getMessage(), e);
        }
    }

    private final class Caller implements MeasuredOperation {
        private final Connection connection;
        private final int number;
        private final RandomGenerator random;
        private final PreparedStatement put;
        private final PreparedStatement count;
        private final PreparedStatement victims;
        private final PreparedStatement evict;

        Caller(Connection connection, int number, RandomGenerator random) throws SQLException {
            this.connection = connection;
            this.number = number;
            this.random = random;
            connection.setAutoCommit(false);
            put = connection.prepareStatement(PUT);
            count = connection.prepareStatement(COUNT);
            victims = connection.prepareStatement(VICTIMS);
            evict = connection.prepareStatement(EVICT);
        }

        @Override
        public Outcome call() throws SQLException {
            bind(put, FreshReplicas.mint(number, random));
            put.executeUpdate();
            long over = count() - capacity;
            if (over > 0) {
                victims.setLong(1, over);
                long found = 0;
                try (ResultSet rows = victims.executeQuery()) {
                    while (rows.next() && !rows.getString(1).isEmpty()) {
                        found++;
                    }
                }
                evict.setLong(1, over);
                int gone = evict.executeUpdate();
                if (found != over || gone != over) {
                    throw new BenchmarkFailedException("victims: %d read, %d deleted (expected: %d)".formatted(found, gone, over));
                }
            }
            connection.commit();
            return Outcome.DONE;
        }

        private long count() throws SQLException {
            try (ResultSet rows = count.executeQuery()) {
                rows.next();
                return rows.getLong(1);
            }
        }

        @Override
        public void close() {
            try {
                connection.close();
            } catch (SQLException e) {
                throw new BenchmarkFailedException("closing " + url + ": " + e.getMessage(), e);
            }
        }
    }

    @Override
    public void verify(long done) {
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(COUNT)) {
            rows.next();
            if (rows.getLong(1) != capacity) {
                throw new BenchmarkFailedException("entries in " + url + ": " + rows.getLong(1) + " (expected: " + capacity + ")");
            }
        } catch (SQLException e) {
            throw new BenchmarkFailedException("counting in " + url + ": " + e.getMessage(), e);
        }
    }
}
