package dev.spillway.coordinator.postgres;

import dev.spillway.events.HostId;
import dev.spillway.registry.Fleet;
import dev.spillway.registry.decide.RegistryRules;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The migrations are the only way the schema is made, whoever comes first. */
class MigrationsTest {
    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    @BeforeEach
    void nothing() {
        DATABASE.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    }

    /** The major version of the server that these tests run against. */
    int version() {
        return 18;
    }

    @Test
    void theServerIsOfThisVersionAndDurable() {
        assertThat(DATABASE.ask("SHOW server_version").getFirst()).startsWith(version() + ".");
        assertThat(DATABASE.ask("SELECT setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes')"))
                .containsExactly("on", "on", "on");
    }

    @Test
    void coordinatorsThatStartAtOnceMigrateOnce() throws Exception {
        int coordinators = 4;
        CyclicBarrier start = new CyclicBarrier(coordinators);
        PostgresRegistrySettings settings = DATABASE.settings();
        try (ExecutorService threads = Executors.newFixedThreadPool(coordinators)) {
            List<Future<String>> starting = new ArrayList<>();
            for (int i = 0; i < coordinators; i++) {
                starting.add(threads.submit(() -> {
                    start.await();
                    try (PostgresRegistry registry = PostgresRegistry.open(settings, RegistryRules.DEFAULTS, new Random(1))) {
                        assertThat(registry.queries().namespaces()).isEmpty();
                        return registry.secret().keyOf(new HostId("host-1")).reveal();
                    }
                }));
            }
            Set<String> keys = new HashSet<>();
            for (Future<String> one : starting) {
                keys.add(one.get());
            }
            assertThat(keys).as("of one secret").hasSize(1);
        }
        assertThat(DATABASE.ask("SELECT version FROM flyway_schema_history WHERE success AND version IS NOT NULL")).containsExactly(
                "1",
                "2",
                "3",
                "4",
                "5",
                "6",
                "7",
                "8");
    }

    /** A database that has one refuses to start with another of the same number, be it only a comment that differs. */
    @Test
    void migrationsThatHaveLandedNeverChange() {
        DATABASE.open(RegistryRules.DEFAULTS);
        assertThat(DATABASE.ask("SELECT version || ' ' || checksum FROM flyway_schema_history ORDER BY installed_rank"))
                .containsExactly(
                        "1 -114703434",
                        "2 -2018862355",
                        "3 -810102507",
                        "4 -642947905",
                        "5 -385193698",
                        "6 1008906575",
                        "7 -1756314080",
                        "8 -1269095950");
    }

    /** Before groups were evicted together, each of their entries had a place of its own. */
    @Test
    void entriesThatHaveAGroupAreLedByTheOneThatWasUsedLast() {
        PostgresRegistrySettings settings = DATABASE.settings();
        Flyway.configure()
                .dataSource(settings.url(), settings.user(), settings.password())
                .locations("classpath:dev/spillway/schemas/migrations")
                .target("1")
                .load()
                .migrate();
        DATABASE.execute(
                """
                        INSERT INTO namespaces (name, max_eviction_share, backend, entries, bytes, use_counter, hits, misses)
                            VALUES ('builds', 0.5, 'ARTIFACT', 4, 4, 4, 0, 0);
                        INSERT INTO entries (namespace, key, snapshot_id, generation, size_bytes, description, labels, last_use, external, created_at,
                            last_accessed_at, group_name)
                            SELECT 'builds', 'key-' || n, 'image', n, 1, '', '{}', n, true, now(), now(), CASE WHEN n < 4 THEN 'group' END
                            FROM generate_series(1, 4) n""");
        DATABASE.open(RegistryRules.DEFAULTS);
        assertThat(DATABASE.ask("SELECT key FROM entries WHERE NOT follows ORDER BY key")).containsExactly("key-3", "key-4");
    }

    @Test
    void theSameRegistryIsFoundAgain() {
        DATABASE.open(RegistryRules.DEFAULTS);
        List<String> id = DATABASE.ask("SELECT id FROM registry");
        DATABASE.open(RegistryRules.DEFAULTS);
        assertThat(DATABASE.ask("SELECT id FROM registry")).isEqualTo(id).hasSize(1);
    }

    /** Migrations land from several branches, and a database may have been migrated between two of them. */
    @Test
    void aMigrationThatLandedBehindALaterOneIsRunToo() {
        DATABASE.open(RegistryRules.DEFAULTS);
        DATABASE.execute("DROP TABLE message_key; DELETE FROM flyway_schema_history WHERE version = '4'");
        DATABASE.open(RegistryRules.DEFAULTS);
        assertThat(DATABASE.ask("SELECT secret FROM message_key")).hasSize(1);
    }

    /** Follows the steps of operations.md. */
    @Test
    void aSecretThatWasTakenAwayIsMadeAnew() {
        DATABASE.open(RegistryRules.DEFAULTS);
        List<String> secret = DATABASE.ask("SELECT secret FROM message_key");
        DATABASE.open(RegistryRules.DEFAULTS);
        assertThat(DATABASE.ask("SELECT secret FROM message_key")).isEqualTo(secret).hasSize(1);
        DATABASE.execute("DELETE FROM message_key");
        DATABASE.open(RegistryRules.DEFAULTS);
        assertThat(DATABASE.ask("SELECT secret FROM message_key")).isNotEqualTo(secret).hasSize(1);
    }

    @Test
    void aNewerSchemaIsRefusedAndLeftAlone() {
        Fleet.withCapacity(DATABASE.open(RegistryRules.DEFAULTS), 5);
        DATABASE.execute(
                "INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, execution_time, "
                        + "success) VALUES (99, '99', 'from the future', 'SQL', 'V99__from_the_future.sql', 1, 'test', 1, true)");
        assertThatThrownBy(() -> DATABASE.open(RegistryRules.DEFAULTS)).isInstanceOf(SchemaVersionException.class)
                .hasMessageContaining("99")
                .hasMessageContaining("expected: at most 8");
        assertThat(DATABASE.ask("SELECT name FROM namespaces")).containsExactly(Fleet.NS);
    }

    @Test
    void aSchemaThatTheMigrationsDidNotMakeIsRefused() {
        DATABASE.open(RegistryRules.DEFAULTS);
        DATABASE.execute("UPDATE flyway_schema_history SET checksum = 1 WHERE version = '1'");
        assertThatThrownBy(() -> DATABASE.open(RegistryRules.DEFAULTS)).isInstanceOf(SchemaVersionException.class);
    }

    /** The invariants stand in the schema itself, so that no mistake of the code can store their opposite. */
    @Test
    void theSchemaRefusesWhatMustNotBe() {
        Fleet fleet = Fleet.withCapacity(DATABASE.open(RegistryRules.DEFAULTS), 5);
        fleet.host("host-1").holds("a", "image-a");
        fleet.put("b", "image-b");
        for (String wrong : List.of(
                "UPDATE namespaces SET max_entries = 0",
                "UPDATE namespaces SET entries = -1",
                "UPDATE namespaces SET bytes = -1",
                "UPDATE entries SET size_bytes = -1",
                "UPDATE entries SET last_use = 1",
                "UPDATE entries SET key = ''",
                "UPDATE replicas SET doom_cause = 'CAPACITY'",
                "UPDATE replicas SET next_attempt_at = now()",
                "UPDATE replicas SET last_error = 'x'",
                "UPDATE hosts SET state = 'LOST'",
                "UPDATE hosts SET state = 'DRAINING'",
                "UPDATE hosts SET draining_since = now()",
                "UPDATE hosts SET drain_looked_to = gen_random_uuid()",
                "INSERT INTO registry DEFAULT VALUES")) {
            assertThatThrownBy(() -> DATABASE.execute(wrong)).as(wrong)
                    .hasCauseInstanceOf(SQLException.class)
                    .cause()
                    .hasMessageContaining("violates");
        }
    }
}
