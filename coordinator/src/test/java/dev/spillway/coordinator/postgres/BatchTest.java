package dev.spillway.coordinator.postgres;

import dev.spillway.events.Description;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.DropRequest.Reason;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.registry.CommitUnknownException;
import dev.spillway.registry.Fleet;
import dev.spillway.registry.FleetHost;
import dev.spillway.registry.IdempotencyKey;
import dev.spillway.registry.KeyReusedException;
import dev.spillway.registry.RegistryBusyException;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.decide.RegistryRules;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Commands that share a transaction get the same answers as one after the other, and a failing command does not affect the others. */
class BatchTest {
    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private PostgresRegistry registry;
    private Fleet fleet;
    private Gathering gathering;

    @BeforeEach
    void open() throws SQLException {
        registry = DATABASE.empty(RegistryRules.DEFAULTS);
        fleet = Fleet.withCapacity(registry, 3);
        gathering = new Gathering(DATABASE, registry);
    }

    @AfterEach
    void close() throws SQLException {
        gathering.close();
    }

    private List<Future<?>> inOneBatch(List<? extends Callable<?>> calls) throws Exception {
        PostgresRegistry.Figures before = registry.figures();
        List<Future<?>> outcomes = gathering.together(calls);
        assertThat(registry.figures().committed() - before.committed()).as("the first command, and one batch").isEqualTo(2);
        return outcomes;
    }

    private static List<Object> answers(List<Future<?>> outcomes) {
        return outcomes.stream().<Object>map(Future::resultNow).toList();
    }

    @Test
    void whatGathersWhileATransactionCommitsIsTheNextOne() throws Exception {
        List<Callable<Outcomes.Putting>> puts =
                IntStream.range(0, 100).<Callable<Outcomes.Putting>>mapToObj(i -> () -> fleet.put("key-" + i, "image-" + i)).toList();
        List<Future<?>> outcomes = inOneBatch(puts);
        assertThat(fleet.keys()).containsExactly("key-97", "key-98", "key-99");
        List<String> evicted = new ArrayList<>();
        answers(outcomes).forEach(answer -> evicted.addAll(Fleet.evictedKeys((Outcomes.Putting) answer)));
        assertThat(evicted).containsExactlyElementsOf(IntStream.range(0, 97).mapToObj(i -> "key-" + i).toList());
        assertThat(fleet.evictions()).hasSize(97);
        assertThat(fleet.figures().entries()).isEqualTo(3);
    }

    @Test
    void oneKeyPutReadDeletedAndPutAgainIsSeenInThatOrder() throws Exception {
        fleet.put("a", "image-0");
        List<Future<?>> outcomes =
                inOneBatch(
                        List.of(
                                () -> fleet.put("a", "image-1"),
                                () -> fleet.get("a"),
                                () -> fleet.invalidate("a", null),
                                () -> fleet.get("a"),
                                () -> fleet.put("a", "image-2"),
                                () -> fleet.get("a")));
        assertThat(outcomes.get(0).resultNow()).isInstanceOfSatisfying(
                Outcomes.Putting.Stored.class,
                stored -> assertThat(stored.replaced()).isEqualTo(new SnapshotId("image-0")));
        assertThat(outcomes.get(1).resultNow()).isEqualTo("image-1");
        assertThat(outcomes.get(2).resultNow()).isEqualTo(new Outcomes.Invalidation.Invalidated(new SnapshotId("image-1")));
        assertThat(outcomes.get(3).resultNow()).isNull();
        assertThat(outcomes.get(4).resultNow()).isInstanceOfSatisfying(
                Outcomes.Putting.Stored.class,
                stored -> assertThat(stored.replaced()).isNull());
        assertThat(outcomes.get(5).resultNow()).isEqualTo("image-2");
        assertThat(fleet.evictions()).extracting(eviction -> eviction.fact().snapshotId().value())
                .containsExactlyInAnyOrder("image-0", "image-1");
    }

    @Test
    void ofTwoThatExcludeEachOtherTheFirstWins() throws Exception {
        fleet.put("a", "image-a");
        List<Object> answers =
                answers(inOneBatch(List.of(() -> fleet.invalidate("a", "image-a"), () -> fleet.invalidate("a", "image-a"))));
        assertThat(answers).containsExactly(
                new Outcomes.Invalidation.Invalidated(new SnapshotId("image-a")),
                new Outcomes.Invalidation.Absent());
        assertThat(fleet.evictions()).hasSize(1);
    }

    @Test
    void oneReplicaIdOfTwoHostsIsRegisteredOnce() throws Exception {
        FleetHost one = fleet.host("host-1");
        FleetHost two = fleet.host("host-2");
        ReplicaId id = Fleet.newReplicaId();
        List<Object> answers = answers(
                inOneBatch(List.of(() -> one.register(id, "a", "image-a"), () -> two.register(id, "b", "image-b"), () -> one.resolve(id))));
        assertThat(answers.get(0)).isInstanceOf(ReplicaOutcome.Registered.class);
        assertThat(answers.get(1)).isEqualTo(new ReplicaOutcome.Ended(id));
        assertThat(answers.get(2)).isEqualTo(answers.get(0));
        assertThat(fleet.keys()).containsExactly("a");
    }

    @Test
    void aResolveThatComesBeforeItsRegistrationEndsIt() throws Exception {
        FleetHost host = fleet.host("host-1");
        ReplicaId id = Fleet.newReplicaId();
        List<Object> answers = answers(inOneBatch(List.of(() -> host.resolve(id), () -> host.register(id, "a", "image-a"))));
        assertThat(answers).containsExactly(new ReplicaOutcome.Ended(id), new ReplicaOutcome.Ended(id));
        assertThat(fleet.keys()).isEmpty();
    }

    @Test
    void twoKeysOnOneImageAndAReplacedIdLeaveNoReplicaWithoutItsOrder() throws Exception {
        FleetHost host = fleet.host("host-1");
        ReplicaId first = host.holds("a", "shared");
        ReplicaId second = Fleet.newReplicaId();
        ReplicaId third = Fleet.newReplicaId();
        inOneBatch(
                List.of(
                        () -> host.register(second, "b", "shared"),
                        () -> host.register(third, "a", "newer"),
                        () -> fleet.invalidate("b", null)));
        assertThat(host.ordered()).containsExactlyInAnyOrder(first, second);
        assertThat(fleet.entry("a").replicas()).extracting(replica -> replica.replicaId()).containsExactly(third);
    }

    @Test
    void aCopyThatIsAttachedWhileItsEntryGoesIsDoomedOrGone() throws Exception {
        FleetHost host = fleet.host("host-1");
        FleetHost peer = fleet.host("host-2");
        host.holds("a", "image-a");
        long generation = fleet.entry("a").generation();
        ReplicaId before = Fleet.newReplicaId();
        ReplicaId after = Fleet.newReplicaId();
        List<Object> answers = answers(
                inOneBatch(
                        List.of(
                                () -> peer.attach(before, "a", generation),
                                () -> fleet.invalidate("a", null),
                                () -> peer.attach(after, "a", generation))));
        assertThat(answers.get(0)).isInstanceOf(ReplicaOutcome.Registered.class);
        assertThat(answers.get(2)).isEqualTo(new ReplicaOutcome.Gone(after));
        assertThat(fleet.onlyEviction().fact().replicas()).isEqualTo(2);
        assertThat(peer.ordered()).containsExactly(before);
    }

    @Test
    void holdersThatAllDropTheirCopiesTakeTheEntryOnce() throws Exception {
        List<FleetHost> hosts = IntStream.range(0, 5).mapToObj(i -> fleet.host("host-" + i)).toList();
        List<ReplicaId> replicas = hosts.stream().map(host -> host.holds("a", "image-a")).toList();
        inOneBatch(IntStream.range(0, 5).<Callable<?>>mapToObj(i -> () -> hosts.get(i).drop(Reason.BOUNDS, replicas.get(i))).toList());
        assertThat(fleet.keys()).isEmpty();
        assertThat(fleet.evictions()).hasSize(1);
    }

    @Test
    void aHeartbeatAfterAnEvictionInItsBatchCarriesTheOrder() throws Exception {
        FleetHost host = fleet.host("host-1");
        ReplicaId replica = host.holds("a", "image-a");
        List<Object> answers = answers(inOneBatch(List.of(host::ordered, () -> fleet.invalidate("a", null), host::ordered, host::ordered)));
        assertThat(answers.get(0)).isEqualTo(List.of());
        assertThat(answers.get(2)).isEqualTo(List.of(replica));
        assertThat(answers.get(3)).as("handed out a moment ago").isEqualTo(List.of());
    }

    @Test
    void aBadCommandFailsAlone() throws Exception {
        List<Future<?>> outcomes = inOneBatch(
                List.of(() -> fleet.put("a", "image-a"), () -> fleet.put("b", "image-b", -1), () -> fleet.put("c", "image-c")));
        assertThat(outcomes.get(1).exceptionNow()).isInstanceOf(InvalidValueException.class).hasMessageContaining("-1");
        assertThat(outcomes).extracting(Future::state).containsExactly(Future.State.SUCCESS, Future.State.FAILED, Future.State.SUCCESS);
        assertThat(fleet.keys()).containsExactly("a", "c");
    }

    @Test
    void aCommandThatTheDatabaseCannotTakeFailsAlone() throws Exception {
        DATABASE.execute("ALTER TABLE entries ADD CONSTRAINT no_poison CHECK (key <> 'poison')");
        try {
            List<Callable<?>> puts = new ArrayList<>(
                    IntStream.range(0, 9).<Callable<?>>mapToObj(i -> () -> fleet.put("key-" + i, "image-" + i)).toList());
            // Where it is not evicted again before it is written.
            puts.add(8, () -> fleet.put("poison", "image"));
            List<Future<?>> outcomes = gathering.together(puts);
            assertThat(outcomes.get(8).exceptionNow()).hasMessageContaining("no_poison");
            outcomes.remove(8);
            assertThat(outcomes).extracting(Future::state).containsOnly(Future.State.SUCCESS);
            assertThat(fleet.keys()).containsExactly("key-6", "key-7", "key-8");
        } finally {
            DATABASE.execute("ALTER TABLE entries DROP CONSTRAINT no_poison");
        }
    }

    private static IdempotencyKey key(String key, String request) {
        return new IdempotencyKey("caller", key, request);
    }

    private static Command.Put putting(String key) {
        return new Command.Put(Fleet.name(key), new SnapshotId("image-" + key), 1, Description.NONE);
    }

    @Test
    void oneIdempotencyKeyThatIsAskedManyTimesAtOnceActsOnce() throws Exception {
        List<Callable<?>> calls = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            calls.add(() -> registry.executeOnce(key("k", "digest"), putting("a")));
        }
        calls.add(() -> registry.executeOnce(key("k", "another digest"), putting("b")));
        calls.add(() -> registry.executeOnce(key("other", "digest"), putting("c")));
        List<Future<?>> outcomes = gathering.together(calls);
        assertThat(answers(outcomes.subList(0, 5)).stream().distinct()).hasSize(1);
        assertThat(outcomes.get(5).exceptionNow()).isInstanceOf(KeyReusedException.class);
        assertThat(fleet.keys()).containsExactly("a", "c");
        assertThat(DATABASE.ask("SELECT use_counter FROM namespaces WHERE name = 'snapshots'")).containsExactly("2");
    }

    @Test
    void aBatchWhoseCommitNobodyHeardOfIsUnknownToAllAndActsOnceUnderItsKeys() throws Exception {
        DATABASE.execute(
                "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); "
                        + "RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON entries DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
                        + "EXECUTE FUNCTION cut()");
        List<Callable<?>> calls = IntStream.range(0, 3)
                .<Callable<?>>mapToObj(i -> () -> registry.executeOnce(key("k" + i, "digest"), putting("key-" + i)))
                .toList();
        try {
            assertThat(gathering.together(calls)).extracting(Future::exceptionNow).hasOnlyElementsOfType(CommitUnknownException.class);
        } finally {
            DATABASE.execute("DROP TRIGGER cut ON entries; DROP FUNCTION cut");
        }
        inOneBatch(calls);
        inOneBatch(calls);
        assertThat(fleet.keys()).containsExactly("key-0", "key-1", "key-2");
        assertThat(DATABASE.ask("SELECT use_counter FROM namespaces WHERE name = 'snapshots'")).containsExactly("3");
    }

    @Test
    void whoFindsTheQueueFullIsToldToComeAgain() throws Exception {
        PostgresRegistry narrow = DATABASE.open(RegistryRules.DEFAULTS, settings -> settings.withWaitingMax(2));
        try (Gathering queue = new Gathering(DATABASE, narrow)) {
            Future<?> first = queue.closeGate();
            Fleet there = new Fleet(narrow);
            Future<?> second = queue.waiting(() -> there.put("a", "image-a"));
            Future<?> third = queue.waiting(() -> there.put("b", "image-b"));
            assertThatThrownBy(() -> there.put("c", "image-c")).isInstanceOf(RegistryBusyException.class)
                    .hasMessageContaining("2 wait already");
            queue.openGate();
            first.get();
            second.get();
            third.get();
        }
        assertThat(fleet.keys()).containsExactly("a", "b");
    }

    @Test
    void whoWaitsBeyondTheDeadlineIsNeverCarriedOut() throws Exception {
        PostgresRegistry hurried =
                DATABASE.open(RegistryRules.DEFAULTS, settings -> settings.withCommandDeadline(Duration.ofSeconds(2)));
        try (Gathering queue = new Gathering(DATABASE, hurried)) {
            Future<?> first = queue.closeGate();
            Future<?> late = queue.waiting(() -> new Fleet(hurried).put("late", "image"));
            Gathering.awaitEnd(first);
            Gathering.awaitEnd(late);
            assertThat(first.exceptionNow()).isInstanceOf(RegistryUnavailableException.class).hasMessageContaining("timeout");
            queue.openGate();
            if (late.state() == Future.State.FAILED) {
                assertThat(late.exceptionNow()).isInstanceOf(RegistryUnavailableException.class);
                assertThat(fleet.keys()).isEmpty();
            } else {
                // The statement before it was given up just in time.
                assertThat(fleet.keys()).containsExactly("late");
            }
        }
        assertThat(hurried.figures().waiting()).isZero();
    }

    @Test
    void whoIsInterruptedWhileWaitingLeavesTheQueue() throws Exception {
        Future<?> first = gathering.closeGate();
        Future<?> gone = gathering.waiting(() -> fleet.put("gone", "image"));
        Future<?> stays = gathering.waiting(() -> fleet.put("stays", "image"));
        gone.cancel(true);
        gathering.awaitWaiting(1);
        gathering.openGate();
        first.get();
        stays.get();
        assertThat(fleet.keys()).containsExactly("stays");
    }

    @Test
    void anEntryWithMoreHoldersThanOneChunkIsDoomedToTheLast() throws Exception {
        PostgresRegistry chunked = DATABASE.empty(RegistryRules.DEFAULTS.with(new RegistryRules.Retry(Duration.ZERO, Duration.ZERO)));
        Fleet large = Fleet.withCapacity(chunked, 5);
        large.host("host-0");
        large.put("a", "image-a");
        long generation = large.entry("a").generation();
        DATABASE.execute(
                "INSERT INTO replicas (replica_id, host_id, namespace, key, snapshot_id, generation, size_bytes, registered_at) "
                        + "SELECT gen_random_uuid(), 'host-0', 'snapshots', 'a', 'image-a', " + generation
                        + ", 1, now() FROM generate_series(1, 10000)");
        large.invalidate("a", null);
        assertThat(large.onlyEviction().fact().replicas()).isEqualTo(10_000);
        assertThat(DATABASE.ask("SELECT count(*) FROM replicas WHERE doom_cause IS NOT NULL")).containsExactly("1000");
        for (int sweeps = 0; sweeps < 10; sweeps++) {
            large.sweep(1_000);
        }
        assertThat(DATABASE.ask("SELECT count(*) FROM replicas WHERE doom_cause IS NULL")).containsExactly("0");
        assertThat(DATABASE.ask("SELECT unfinished FROM evictions")).containsExactly("f");
    }

    /** Each entry is within its chunk, and all of them together would be too much for one transaction. */
    @Test
    void manyEntriesWithManyHoldersAreDoomedInPartsToTheLast() throws Exception {
        int entries = 60;
        int holders = 300;
        List<String> old = IntStream.range(0, entries).mapToObj(n -> "old-" + n).toList();
        Fleet large = Fleet.withCapacity(registry, entries);
        for (String key : old) {
            large.put(key, "image-of-" + key);
        }
        // From the first eviction on, victims are read ahead.
        large.put("first", "image");
        DATABASE.execute(
                "INSERT INTO replicas (replica_id, host_id, namespace, key, snapshot_id, generation, size_bytes, registered_at) "
                        + "SELECT gen_random_uuid(), 'host-' || h, e.namespace, e.key, e.snapshot_id, e.generation, 0, now() FROM entries e, "
                        + "generate_series(1, " + holders + ") h WHERE e.key LIKE 'old%'");
        gathering.together(old.stream().skip(1).<Callable<?>>map(key -> () -> large.put("new-" + key, "image")).toList())
                .forEach(answer -> assertThat(answer.resultNow()).isInstanceOf(Outcomes.Putting.Stored.class));
        assertThat(Long.parseLong(DATABASE.ask("SELECT count(*) FROM replicas WHERE doom_cause IS NOT NULL").getFirst()))
                .isBetween(1_000L, 10_000L + entries);
        assertThat(large.evictions()).filteredOn(eviction -> eviction.fact().key().value().startsWith("old-") && eviction.open())
                .hasSize(entries - 1)
                .allSatisfy(eviction -> assertThat(eviction.fact().replicas()).isEqualTo(holders));
        int sweeps = 1;
        while (large.sweep(1_000).more()) {
            sweeps++;
        }
        assertThat(sweeps).isGreaterThan(1);
        assertThat(DATABASE.ask("SELECT count(*) FROM replicas WHERE doom_cause IS NULL")).containsExactly("0");
        assertThat(DATABASE.ask("SELECT count(*) FROM evictions WHERE unfinished")).containsExactly("0");
    }
}
