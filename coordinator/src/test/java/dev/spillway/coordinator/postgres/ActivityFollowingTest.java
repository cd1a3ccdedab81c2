package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.postgres.PostgresRegistrySettings.Retention;
import dev.spillway.coordinator.postgres.statement.Script;
import dev.spillway.coordinator.postgres.table.ActivityTable;
import dev.spillway.embedded.PostgresServer;
import dev.spillway.embedded.PostgresSettings;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.SnapshotId;
import dev.spillway.registry.Fleet;
import dev.spillway.registry.Follower;
import dev.spillway.registry.RegistryQueries.ActivityPage;
import dev.spillway.registry.RegistryQueries.Recorded;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.model.HostState;
import dev.spillway.registry.trail.Activity;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.jdbi.v3.core.CloseException;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.postgres.PostgresPlugin;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** A reader of events gets every event once, whatever else happens in the cluster and wherever the database is moved. */
@Timeout(300)
@Tag("full")
class ActivityFollowingTest {
    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    /** More than the transactions that making a cluster and migrating a database take. */
    private static final int YEARS_OF_TRANSACTIONS = 20_000;

    private static final Instant LONG_AGO = Instant.parse("2026-11-21T00:00:00Z");

    private static Fleet fleet() {
        return Fleet.withCapacity(DATABASE.empty(RegistryRules.DEFAULTS), 20);
    }

    private static List<String> ask(Statement statement, String sql) throws SQLException {
        List<String> found = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                found.add(rows.getString(1));
            }
        }
        return found;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            here      | CREATE TEMP TABLE x(i int)
            here      | SELECT pg_current_xact_id()
            postgres  | CREATE TEMP TABLE x(i int)
            postgres  | CREATE TABLE held(i int); INSERT INTO held VALUES (1)
            postgres  | CREATE TABLE held(i int); PREPARE TRANSACTION 'forgotten'
            here      | CREATE TABLE held(i int); PREPARE TRANSACTION 'forgotten'
            """)
    void anOpenTransactionOfOthersHoldsNothingBack(String database, String work) throws SQLException {
        Fleet fleet = fleet();
        Follower follower = Follower.of(fleet.registry);
        try (Connection other = database.equals("here") ? DATABASE.connect() : DATABASE.connect(database);
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute(work);
            fleet.evict("a");
            fleet.evict("b");
            assertThat(follower.awaitEvicted(2)).containsExactly("a", "b");
        } finally {
            rollBackPrepared();
        }
    }

    private static void rollBackPrepared() throws SQLException {
        try (Connection any = DATABASE.connect(); Statement statement = any.createStatement()) {
            for (String database : ask(statement, "SELECT database FROM pg_prepared_xacts")) {
                try (Connection its = DATABASE.connect(database); Statement rollback = its.createStatement()) {
                    rollback.execute("ROLLBACK PREPARED 'forgotten'");
                }
            }
        }
    }

    /** A dump reads every table in one long transaction, and holds a lock on each that only lets in who reads and writes rows. */
    @Test
    void aLongDumpHoldsNothingBackNotEvenARestore() throws SQLException {
        Fleet fleet = fleet();
        fleet.evict("before");
        Follower follower = Follower.of(fleet.registry);
        try (Connection dump = DATABASE.connect(); Statement statement = dump.createStatement()) {
            dump.setAutoCommit(false);
            dump.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            for (String table : tables(statement)) {
                statement.execute("LOCK TABLE " + table + " IN ACCESS SHARE MODE");
            }
            fleet.evict("a");
            assertThat(follower.awaitEvicted(1)).containsExactly("a");
            fleet.restored();
            fleet.evict("b");
            assertThat(follower.awaitEvicted(2)).containsExactly("a", "b");
            assertThat(follower.gaps()).as("told of the restore").isOne();
            dump.rollback();
        }
    }

    /** Its transaction counter is behind that of the cluster it came from, and comes past it again. */
    @Test
    void aDatabaseMovedToAYoungerClusterIsFollowedAsBefore() throws SQLException {
        Fleet fleet = fleet();
        Follower follower = Follower.of(fleet.registry);
        DATABASE.execute("DO 'BEGIN FOR i IN 1.." + YEARS_OF_TRANSACTIONS + " LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END'");
        for (String key : List.of("a", "b", "c")) {
            fleet.evict(key);
        }
        assertThat(follower.awaitEvicted(3)).containsExactly("a", "b", "c");
        Follower resumed = follower.resumed();
        try (PostgresServer younger = PostgresServer.start(PostgresSettings.temporary())) {
            PostgresRegistrySettings settings =
                    PostgresRegistrySettings.of(younger.jdbcUrl(), younger.user(), younger.password(), DATABASE.settings().partitions());
            try (PostgresRegistry registry = PostgresRegistry.open(settings, RegistryRules.DEFAULTS, new Random(1));
                    Connection there = DriverManager.getConnection(younger.jdbcUrl(), younger.user(), younger.password())) {
                try (Connection here = DATABASE.connect()) {
                    move(here, there);
                }
                Fleet moved = new Fleet(registry);
                follower.moveTo(registry);
                resumed.moveTo(registry);
                moved.evict("d");
                assertThat(follower.awaitEvicted(4)).containsExactly("a", "b", "c", "d");
                assertThat(resumed.awaitEvicted(1)).containsExactly("d");
                try (Statement statement = there.createStatement()) {
                    statement.execute(
                            "DO 'BEGIN FOR i IN 1.." + 2 * YEARS_OF_TRANSACTIONS
                                    + " LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END'");
                }
                moved.evict("e");
                assertThat(follower.awaitEvicted(5)).containsExactly("a", "b", "c", "d", "e");
                assertThat(resumed.awaitEvicted(2)).containsExactly("d", "e");
                assertThat(follower.look().items()).isEmpty();
                assertThat(List.of(follower.gaps(), resumed.gaps())).as("nothing was lost").containsExactly(0, 0);
            }
        }
    }

    private static List<String> tables(Statement statement) throws SQLException {
        return ask(statement, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'flyway_schema_history'");
    }

    /** Copies the rows of every table and the position of every sequence, as restoring a dump does. */
    private static void move(Connection from, Connection to) throws SQLException {
        try (Statement source = from.createStatement(); Statement target = to.createStatement()) {
            target.execute("SET session_replication_role = replica");
            for (String table : tables(source)) {
                ByteArrayOutputStream rows = new ByteArrayOutputStream();
                from.unwrap(PGConnection.class).getCopyAPI().copyOut("COPY " + table + " TO STDOUT", rows);
                target.execute("DELETE FROM " + table);
                to.unwrap(PGConnection.class)
                        .getCopyAPI()
                        .copyIn("COPY " + table + " FROM STDIN", new ByteArrayInputStream(rows.toByteArray()));
            }
            for (String set : ask(
                    source,
                    "SELECT format('SELECT setval(%L, %s)', sequencename, last_value) FROM pg_sequences WHERE last_value IS NOT NULL")) {
                target.execute(set);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Writes activity as a command does, and keeps its transaction open. */
    private static Handle writing(String host) {
        PostgresRegistrySettings settings = DATABASE.settings();
        Handle handle = Jdbi.create(settings.url(), settings.user(), settings.password()).installPlugin(new PostgresPlugin()).open();
        handle.begin();
        Script script = new Script();
        ActivityTable.add(List.of(new Activity.HostChanged(LONG_AGO, new HostId(host), HostState.ACTIVE, 1)), script);
        script.run(handle);
        return handle;
    }

    private static List<Activity> read(ActivityPage page) {
        return page.items().stream().map(Recorded::activity).toList();
    }

    /** The lock on an id is shown in two halves of 32 bits. */
    @ParameterizedTest
    @ValueSource(longs = {1, 4_294_967_294L, 4_294_967_295L, 4_294_967_296L, 200_000_000_000_000L})
    void whatASlowWriterWroteEarlyIsToldInItsPlaceOnceItIsCommitted(long firstId) {
        Fleet fleet = fleet();
        DATABASE.execute("ALTER SEQUENCE activity_id_seq RESTART WITH " + firstId);
        Follower follower = Follower.of(fleet.registry);
        try (Handle slow = writing("slow"); Handle slower = writing("slower")) {
            fleet.evict("a");
            assertThat(follower.look().items()).as("two earlier writers are still running").isEmpty();
            slower.commit();
            assertThat(follower.look().items()).as("the earliest writer is still running").isEmpty();
            slow.commit();
            assertThat(read(follower.look()))
                    .map(activity -> activity instanceof Activity.HostChanged changed ? changed.hostId().value() : "eviction")
                    .containsExactly("slow", "slower", "eviction");
        }
        assertThat(follower.look().items()).isEmpty();
    }

    @Test
    void whatWasNotCommittedIsNotWaitedFor() {
        Fleet fleet = fleet();
        Follower follower = Follower.of(fleet.registry);
        try (Handle cancelled = writing("cancelled")) {
            fleet.evict("a");
            assertThat(follower.look().items()).isEmpty();
            cancelled.rollback();
        }
        assertThat(follower.awaitEvicted(1)).containsExactly("a");
        Handle broken = writing("broken");
        fleet.evict("b");
        DATABASE.execute(
                "SELECT pg_terminate_backend(" + broken.createQuery("SELECT pg_backend_pid()").mapTo(Long.class).one() + ", 20000)");
        assertThat(follower.awaitEvicted(2)).containsExactly("a", "b");
        assertThatThrownBy(broken::close).isInstanceOf(CloseException.class);
        assertThat(follower.gaps()).isZero();
    }

    /** The transaction writes out of order, so a stream that begins in the meantime must not begin after its event. */
    @Test
    void aReaderThatBeginsWhileAWriterIsRunningIsToldOfWhatItWrote() {
        Fleet fleet = fleet();
        try (Handle slow = writing("slow")) {
            Follower follower = Follower.of(fleet.registry);
            fleet.evict("a");
            slow.commit();
            assertThat(read(follower.look())).hasSize(2).first().isInstanceOf(Activity.HostChanged.class);
        }
    }

    /** Trimmed events are lost for every reader, so events must not be trimmed beyond an id that may still be committed. */
    @Test
    void whatARunningWriterWroteIsNotTrimmedOver() {
        Fleet fleet = fleet();
        Follower follower = Follower.of(fleet.registry);
        Retention nothing = new Retention(Duration.ZERO, Duration.ZERO, Duration.ZERO, 2);
        Upkeep upkeep = DATABASE.open(RegistryRules.DEFAULTS, settings -> settings.withRetention(nothing)).upkeep();
        fleet.evict("a");
        assertThat(follower.awaitEvicted(1)).containsExactly("a");
        try (Handle slow = writing("slow")) {
            fleet.evict("b");
            assertThat(upkeep.run().activities()).as("what came before the writer").isOne();
            slow.commit();
        }
        assertThat(read(follower.look())).hasSize(2);
        assertThat(follower.gaps()).isZero();
        assertThat(upkeep.run().activities()).isEqualTo(2);
        assertThat(follower.look().gap()).as("had read everything").isFalse();
    }

    /** Ids are drawn before the commit, so they are not committed in their order. */
    @Test
    void manyWritersAtTwoCoordinatorsAndEveryReaderIsToldOfEachEvictionOnce() throws Exception {
        int writers = 12;
        int each = 150;
        TwoCoordinators two = new TwoCoordinators(DATABASE.empty(RegistryRules.DEFAULTS), DATABASE);
        Fleet fleet = new Fleet(two);
        IntStream.range(0, writers).forEach(writer -> fleet.namespace("ns-" + writer, 1L));
        Follower first = Follower.of(two);
        Follower resuming = first.resumed();
        Follower second = two.atSecond(() -> Follower.of(two)).call();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<String>>> reading = new ArrayList<>();
            for (Follower follower : List.of(first, second)) {
                reading.add(threads.submit(() -> follower.awaitEvicted(writers * each)));
            }
            reading.add(threads.submit(two.atSecond(() -> {
                List<String> told = new ArrayList<>();
                for (Follower follower = resuming; told.size() < writers * each && !follower.awaitEvicted(1).isEmpty();) {
                    told.addAll(follower.evicted());
                    follower = follower.resumed();
                }
                return told;
            })));
            List<Future<?>> writing = new ArrayList<>();
            for (int writer = 0; writer < writers; writer++) {
                Writing work = new Writing(fleet, "ns-" + writer, writer + "-", each);
                writing.add(threads.submit(writer % 2 == 0 ? work : two.atSecond(work)));
            }
            for (Future<?> one : writing) {
                one.get();
            }
            List<String> all =
                    IntStream.range(0, writers).boxed().flatMap(w -> IntStream.range(0, each).mapToObj(i -> w + "-" + i)).toList();
            for (Future<List<String>> one : reading) {
                assertThat(one.get()).containsExactlyInAnyOrderElementsOf(all);
            }
        }
        assertThat(first.look().items()).isEmpty();
        assertThat(first.evicted()).as("one order for all").isEqualTo(second.evicted());
        assertThat(first.cursors()).doesNotHaveDuplicates().isEqualTo(second.cursors());
        assertThat(first.gaps() + second.gaps()).isZero();
    }

    private record Writing(Fleet fleet, String namespace, String prefix, int evictions) implements Callable<Void> {
        @Override
        public Void call() {
            for (int i = 0; i <= evictions; i++) {
                fleet.registry.execute(
                        new Command.Put(
                                new EntryName(Fleet.ns(namespace), new EntryKey(prefix + i)),
                                new SnapshotId("image"),
                                1,
                                Description.NONE));
            }
            return null;
        }
    }
}
