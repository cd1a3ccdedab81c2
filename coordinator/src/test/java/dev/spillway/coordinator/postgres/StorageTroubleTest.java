package dev.spillway.coordinator.postgres;

import dev.spillway.events.SnapshotId;
import dev.spillway.registry.CommitUnknownException;
import dev.spillway.registry.Fleet;
import dev.spillway.registry.RegistryBusyException;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.decide.RegistryRules;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The answers to callers when the database is slow, busy or gone. "Not carried out" is answered only if this is certain. */
@Tag("full")
class StorageTroubleTest {
    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    @AfterEach
    void close() {
        threads.close();
    }

    private static Fleet fleet() {
        return Fleet.withCapacity(DATABASE.empty(RegistryRules.DEFAULTS), 5);
    }

    private static void onCommit(String body) {
        DATABASE.execute(
                "CREATE SEQUENCE troubles; CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " + body
                        + " RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER trouble AFTER INSERT ON entries DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
                        + "EXECUTE FUNCTION trouble()");
    }

    private static void noMoreTrouble() {
        DATABASE.execute("DROP TRIGGER trouble ON entries; DROP FUNCTION trouble; DROP SEQUENCE troubles");
    }

    @Test
    void aConnectionLostWhileCommittingLeavesTheOutcomeUnknown() {
        Fleet fleet = fleet();
        onCommit("PERFORM pg_terminate_backend(pg_backend_pid());");
        try {
            assertThatThrownBy(() -> fleet.put("a", "image-a")).isInstanceOf(CommitUnknownException.class).hasMessageContaining("Put");
        } finally {
            noMoreTrouble();
        }
        assertThat(fleet.put("b", "image-b")).isInstanceOf(Outcomes.Putting.Stored.class);
    }

    @Test
    void aCommitThatTheServerRolledBackIsBegunAgain() {
        Fleet fleet = fleet();
        onCommit("IF nextval('troubles') <= 2 THEN RAISE EXCEPTION 'in the way' USING ERRCODE = '40001'; END IF;");
        try {
            assertThat(fleet.put("a", "image-a")).isInstanceOf(Outcomes.Putting.Stored.class);
        } finally {
            noMoreTrouble();
        }
        assertThat(((PostgresRegistry) fleet.registry).figures().conflicts()).isEqualTo(2);
        assertThat(fleet.keys()).containsExactly("a");
    }

    @Test
    void conflictsWithoutEndAreGivenUp() {
        Fleet fleet = fleet();
        onCommit("RAISE EXCEPTION 'always in the way' USING ERRCODE = '40001';");
        try {
            assertThatThrownBy(() -> fleet.put("a", "image-a")).isInstanceOf(RegistryUnavailableException.class)
                    .hasMessageContaining("always in the way");
        } finally {
            noMoreTrouble();
        }
        assertThat(fleet.keys()).isEmpty();
    }

    @Test
    void aConnectionLostBeforeTheCommitMeansThatNothingHappened() throws Exception {
        Fleet fleet = fleet();
        try (Connection other = DATABASE.connect(); Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("SELECT * FROM namespaces FOR UPDATE");
            Future<Outcomes.Putting> put = threads.submit(() -> fleet.put("a", "image-a"));
            DATABASE.awaitWaiting(1);
            DATABASE.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()");
            assertThatThrownBy(put::get).isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOf(RegistryUnavailableException.class)
                    .hasMessageContaining("not carried out");
        }
        assertThat(fleet.keys()).isEmpty();
        assertThat(fleet.put("a", "image-a")).as("on a new connection").isInstanceOf(Outcomes.Putting.Stored.class);
    }

    @Test
    void whoWaitsTooLongForARowIsToldSo() throws Exception {
        fleet();
        Fleet hurried = new Fleet(DATABASE.open(RegistryRules.DEFAULTS, settings -> settings.withCommandDeadline(Duration.ofSeconds(2))));
        try (Connection other = DATABASE.connect(); Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("SELECT * FROM namespaces FOR UPDATE");
            assertThatThrownBy(() -> hurried.put("a", "image-a")).isInstanceOf(RegistryUnavailableException.class)
                    .hasMessageContaining("timeout");
        }
        assertThat(hurried.keys()).isEmpty();
    }

    @Test
    void aCommandIsNotBegunAfterItsDeadline() {
        fleet();
        Fleet late = new Fleet(DATABASE.open(RegistryRules.DEFAULTS, settings -> settings.withCommandDeadline(Duration.ofNanos(1))));
        assertThatThrownBy(() -> late.put("a", "image-a")).isInstanceOf(RegistryUnavailableException.class)
                .hasMessageContaining("not begun within");
    }

    @Test
    void whoFindsEveryConnectionTakenIsToldThatTheRegistryIsBusy() throws Exception {
        fleet().put("a", "image-a");
        Fleet narrow = new Fleet(DATABASE.open(RegistryRules.DEFAULTS, settings -> settings.withPool(1, Duration.ofSeconds(2))));
        try (Connection other = DATABASE.connect(); Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("SELECT * FROM namespaces FOR UPDATE");
            Future<Outcomes.Pinning> first = threads.submit(() -> narrow.pin("a", null));
            DATABASE.awaitWaiting(1);
            assertThatThrownBy(() -> narrow.pin("a", null)).isInstanceOf(RegistryBusyException.class)
                    .hasMessageEndingWith("was not begun: others kept the database busy for PT2S");
            assertThatThrownBy(narrow::figures).isInstanceOf(RegistryBusyException.class);
            other.rollback();
            assertThat(first.get()).isInstanceOf(Outcomes.Pinning.Pinned.class);
        }
    }

    /** Any number of callers may pin, list or plan: puts, gets and the coordinator's own work have reserved connections. */
    @Test
    void whoWaitsForTheDatabaseHoldsUpNeitherPutsNorOrders() throws Exception {
        int connections = 5;
        Fleet fleet = new Fleet(DATABASE.open(RegistryRules.DEFAULTS, settings -> settings.withPool(connections, Duration.ofSeconds(2))));
        fleet().namespace("slow", 5L);
        try (Connection other = DATABASE.connect(); Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("SELECT * FROM namespaces WHERE name = 'slow' FOR UPDATE");
            List<Future<Object>> cleaning = new ArrayList<>();
            for (int caller = 0; caller < 4 * connections; caller++) {
                cleaning.add(threads.submit(() -> fleet.registry.execute(new Command.Clean(Fleet.ns("slow"), 1))));
            }
            DATABASE.awaitWaiting(2);
            assertThat(fleet.put("a", "image-a")).isInstanceOf(Outcomes.Putting.Stored.class);
            assertThat(fleet.get("a")).isEqualTo("image-a");
            assertThat(fleet.entry("a").snapshotId()).isEqualTo(new SnapshotId("image-a"));
            assertThat(fleet.claimOrders()).isEmpty();
            assertThat(fleet.registry.execute(new Command.ClaimFacts(10))).isEmpty();
            other.rollback();
            assertThat(cleaning)
                    .allSatisfy(one -> assertThat(endOf(one)).isInstanceOfAny(Outcomes.Cleaning.class, RegistryBusyException.class));
            assertThat(cleaning).anySatisfy(one -> assertThat(endOf(one)).isInstanceOf(Outcomes.Cleaning.class));
        }
    }

    private static Object endOf(Future<Object> future) throws InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            return Objects.requireNonNull(e.getCause());
        }
    }

    @Test
    void aListenerThatFailsDoesNotSpoilTheAnswer() {
        Fleet fleet = fleet();
        fleet.registry.onCommit(wake -> {
            throw new IllegalStateException("a listener's own trouble, logged on purpose");
        });
        fleet.put("a", "image-a");
        assertThat(fleet.invalidate("a", null)).isInstanceOf(Outcomes.Invalidation.Invalidated.class);
        assertThat(fleet.keys()).isEmpty();
    }

    @Test
    void aServerThatIsNotThereIsNamed() throws Exception {
        int freePort;
        try (ServerSocket socket = new ServerSocket(0)) {
            freePort = socket.getLocalPort();
        }
        String url = "jdbc:postgresql://127.0.0.1:" + freePort + "/spillway";
        PostgresRegistrySettings settings = PostgresRegistrySettings.of(url, "nobody", "secret", 4);
        assertThatThrownBy(() -> PostgresRegistry.open(settings, RegistryRules.DEFAULTS, new Random(1)))
                .isInstanceOf(RegistryUnavailableException.class)
                .hasMessageContaining(url)
                .hasMessageNotContaining("secret");
    }

    @Test
    void whoIsInterruptedWhileConnectingDoesNotTakeItForASchema() {
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> DATABASE.open(RegistryRules.DEFAULTS)).isInstanceOf(RegistryUnavailableException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void aWrongPasswordIsNotTakenForASchema() {
        PostgresRegistrySettings right = DATABASE.settings();
        PostgresRegistrySettings wrong = PostgresRegistrySettings.of(right.url(), right.user(), "wrong", 4);
        assertThatThrownBy(() -> PostgresRegistry.open(wrong, RegistryRules.DEFAULTS, new Random(1)))
                .isInstanceOf(RegistryUnavailableException.class)
                .hasMessageContaining("password");
    }

    @Test
    void settingsArePrintedWithoutThePassword() {
        assertThat(PostgresRegistrySettings.of("jdbc:postgresql://db/spillway", "spillway", "hunter2", 16).toString())
                .contains("user=spillway")
                .doesNotContain("hunter2");
        assertThatThrownBy(() -> PostgresRegistrySettings.of("postgres://db/spillway", "u", "p", 16))
                .hasMessage("url: postgres://db/spillway (expected: jdbc:postgresql://host:port/database)");
        assertThatThrownBy(() -> PostgresRegistrySettings.of("jdbc:postgresql://db/spillway?password=hunter2", "u", "p", 16))
                .hasMessageContaining("url")
                .hasMessageNotContaining("hunter2");
    }
}
