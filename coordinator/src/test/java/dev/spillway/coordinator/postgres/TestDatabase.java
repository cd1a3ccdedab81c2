package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.Await;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.testservers.InContainers;
import dev.spillway.testservers.TestPostgres;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A database of its own for one test class, on one real server of this JVM, embedded or in a container, durable as in production. Registries opened through it are closed
 * after each test, which is then seen to have left every open order as its replica's row has it.
 */
public final class TestDatabase implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
    private static final int PARTITIONS = 4;
    private static final AtomicInteger DATABASES = new AtomicInteger();
    private static final String UNLIKE_THEIR_ROWS =
            """
                    (SELECT host_id, next_attempt_at, replica_id, doomed_at FROM replicas WHERE doom_cause IS NOT NULL EXCEPT ALL TABLE open_orders)
                    UNION ALL
                    (TABLE open_orders EXCEPT ALL SELECT host_id, next_attempt_at, replica_id, doomed_at FROM replicas WHERE doom_cause IS NOT NULL)""";

    /** All but the registry's own row, what refers to others first. */
    private static final List<String> TABLES =
            List.of(
                    "eviction_counts",
                    "namespaces",
                    "entries",
                    "replica_ids",
                    "sightings",
                    "held_replicas",
                    "hosts",
                    "replicas",
                    "open_orders",
                    "replica_history",
                    "evictions",
                    "plan_victims",
                    "plans",
                    "idempotency_keys",
                    "activity",
                    "join_refusals",
                    "curves",
                    "curve_samples",
                    "namespace_usage",
                    "audit");

    private final List<PostgresRegistry> opened = new ArrayList<>();
    private @Nullable TestPostgres server;
    private String name = "";

    @Override
    public void beforeAll(ExtensionContext context) throws SQLException {
        Class<?> test = context.getRequiredTestClass();
        server = context.getRoot()
                .getStore(ExtensionContext.Namespace.create(TestDatabase.class))
                .computeIfAbsent(
                        test.isAnnotationPresent(InContainers.class),
                        inContainers -> TestPostgres.start(test),
                        TestPostgres.class);
        name = "test_" + DATABASES.incrementAndGet();
        try (Connection connection = connect("postgres"); Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + name);
        }
    }

    @Override
    public void afterEach(ExtensionContext context) {
        opened.forEach(PostgresRegistry::close);
        opened.clear();
        if (ask("SELECT to_regclass('open_orders') IS NOT NULL").equals(List.of("t"))) {
            assertThat(ask(UNLIKE_THEIR_ROWS)).as("open orders that are not as the rows of their replicas").isEmpty();
        }
    }

    @Override
    public void afterAll(ExtensionContext context) throws SQLException {
        try (Connection connection = connect("postgres"); Statement statement = connection.createStatement()) {
            statement.execute("DROP DATABASE " + name + " WITH (FORCE)");
        }
    }

    private TestPostgres server() {
        return Objects.requireNonNull(server, "the class has begun");
    }

    public PostgresRegistrySettings settings() {
        TestPostgres server = server();
        return PostgresRegistrySettings.of(server.jdbcUrl(name), server.user(), server.password(), PARTITIONS)
                .withPool(5, Duration.ofSeconds(10))
                .withCommandDeadline(Duration.ofMinutes(2));
    }

    /** Opens a registry on the present content of the database. */
    public PostgresRegistry open(RegistryRules rules) {
        return open(rules, settings -> settings);
    }

    public PostgresRegistry open(RegistryRules rules, UnaryOperator<PostgresRegistrySettings> adjusted) {
        // Not the thread's own generator: that one belongs to the thread that asks for it.
        PostgresRegistry registry =
                PostgresRegistry.open(adjusted.apply(settings()), rules, new Random(ThreadLocalRandom.current().nextLong()));
        opened.add(registry);
        return registry;
    }

    /** A registry on an empty database. */
    public PostgresRegistry empty(RegistryRules rules) {
        PostgresRegistry registry = open(rules);
        StringBuilder emptied = new StringBuilder();
        for (String table : TABLES) {
            emptied.append("DELETE FROM ").append(table).append(';');
        }
        execute(
                emptied + "ALTER SEQUENCE generations RESTART; ALTER SEQUENCE activity_id_seq RESTART;"
                        + "UPDATE registry SET policy_version = 1, epoch = 1, restored_at = NULL, behind_generation = NULL, behind_epoch = NULL, activity_trimmed_id = 0");
        return registry;
    }

    /** Keeps all that is stored beside it, in place of what was kept before. */
    void backUp() {
        StringBuilder copied = new StringBuilder("DROP SCHEMA IF EXISTS backup CASCADE; CREATE SCHEMA backup;");
        for (String table : TABLES) {
            copied.append("CREATE TABLE backup.").append(table).append(" AS TABLE public.").append(table).append(';');
        }
        execute(
                copied + "CREATE TABLE backup.registry AS TABLE public.registry;"
                        + "CREATE TABLE backup.generations AS SELECT last_value, is_called FROM public.generations;"
                        + "CREATE TABLE backup.activity_ids AS SELECT last_value, is_called FROM public.activity_id_seq");
    }

    /** Puts everything back as it was kept. */
    void restore() {
        StringBuilder restored = new StringBuilder(
                "DELETE FROM registry; INSERT INTO registry SELECT * FROM backup.registry;"
                        + "SELECT setval('generations', last_value, is_called) FROM backup.generations;"
                        + "SELECT setval('activity_id_seq', last_value, is_called) FROM backup.activity_ids;");
        TABLES.forEach(table -> restored.append("DELETE FROM ").append(table).append(';'));
        for (String table : TABLES.reversed()) {
            restored.append("INSERT INTO ")
                    .append(table)
                    .append(" OVERRIDING SYSTEM VALUE SELECT * FROM backup.")
                    .append(table)
                    .append(';');
        }
        execute(restored.toString());
    }

    /** Makes all stored rows older by a duration, which has the same effect as if this time had passed. */
    void pass(Duration time) {
        String by = " - interval '" + time.toMillis() + " milliseconds'";
        execute(
                "UPDATE entries SET created_at = created_at" + by + ", last_accessed_at = last_accessed_at" + by + ", pinned_at = pinned_at"
                        + by + ", pin_until = pin_until" + by + "; UPDATE plans SET created_at = created_at" + by
                        + ", expires_at = expires_at"
                        + by + "; UPDATE hosts SET drain_look_at = drain_look_at" + by
                        + "; UPDATE join_refusals SET refused_at = refused_at" + by
                        + "; UPDATE open_orders SET doomed_at = doomed_at" + by + "; UPDATE replicas SET doomed_at = doomed_at" + by);
    }

    Connection connect() throws SQLException {
        return connect(name);
    }

    /** Also to another database of the same server. */
    Connection connect(String database) throws SQLException {
        TestPostgres server = server();
        return DriverManager.getConnection(server.jdbcUrl(database), server.user(), server.password());
    }

    public void execute(String sql) {
        try (Connection connection = connect(); Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new AssertionError(sql, e);
        }
    }

    /** The first column of every row. */
    public List<String> ask(String sql) {
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            List<String> found = new ArrayList<>();
            while (rows.next()) {
                found.add(String.valueOf(rows.getString(1)));
            }
            return found;
        } catch (SQLException e) {
            throw new AssertionError(sql, e);
        }
    }

    /** Returns once so many of the registry's statements wait for a lock: observed, not slept for. */
    void awaitWaiting(int sessions) {
        long deadline = System.nanoTime() + Await.HANG.toNanos();
        while (true) {
            int waiting = Integer
                    .parseInt(
                            ask(
                                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
                                            + "AND application_name = 'spillway-coordinator'")
                                    .getFirst());
            if (waiting == sessions) {
                return;
            }
            if (System.nanoTime() > deadline) {
                throw new AssertionError(
                        "sessions waiting for a lock: " + waiting + " (expected: " + sessions + "): "
                                + ask(
                                        "SELECT state || ' ' || coalesce(wait_event, '') || ' ' || query FROM pg_stat_activity WHERE datname = current_database()"));
            }
            Thread.onSpinWait();
        }
    }
}
