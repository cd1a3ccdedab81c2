package dev.spillway.coordinator.postgres;

import dev.spillway.events.Description;
import dev.spillway.events.HostId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.DropRequest.Reason;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.events.protocol.Reply;
import dev.spillway.registry.Fleet;
import dev.spillway.registry.FleetHost;
import dev.spillway.registry.IdempotencyKey;
import dev.spillway.registry.RegistryQueries.ReplicaView;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.decide.RegistryRules;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Commands that meet in the middle, in the order that each test forces. Another session holds a row. The first command waits for it with the locks
 * that it already has, and the second waits for the first. Then the row is released.
 */
@Tag("full")
class InterleavingTest {
    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private TwoCoordinators registry;
    private Fleet fleet;
    private FleetHost host;
    private Connection other;

    @BeforeEach
    void open() throws SQLException {
        registry = new TwoCoordinators(DATABASE.empty(RegistryRules.DEFAULTS), DATABASE);
        fleet = Fleet.withCapacity(registry, 10);
        host = fleet.host("host-1");
        other = DATABASE.connect();
        other.setAutoCommit(false);
    }

    @AfterEach
    void close() throws SQLException {
        other.close();
        threads.close();
    }

    private void hold(String sql) throws SQLException {
        try (Statement statement = other.createStatement()) {
            statement.execute(sql);
        }
    }

    private void holdNamespace() throws SQLException {
        hold("SELECT * FROM namespaces FOR UPDATE");
    }

    private void letGo() throws SQLException {
        other.commit();
    }

    /** Starts a command, the second one at another coordinator, and returns once one more session than before waits for a lock. */
    private <T> Future<T> waiting(int sessions, Callable<T> command) {
        Future<T> future = threads.submit(sessions == 1 ? command : registry.atSecond(command));
        DATABASE.awaitWaiting(sessions);
        return future;
    }

    @Test
    void resolveWaitsForAnOpenRegistrationAndThenTellsOfIt() throws Exception {
        ReplicaId replica = Fleet.newReplicaId();
        holdNamespace();
        Future<ReplicaOutcome> register = waiting(1, () -> host.register(replica, "a", "image-a"));
        Future<ReplicaOutcome> resolve = waiting(2, () -> host.resolve(replica));
        letGo();
        assertThat(register.get()).isInstanceOf(ReplicaOutcome.Registered.class);
        assertThat(resolve.get()).isEqualTo(register.get());
    }

    @Test
    void aRegistrationThatLostAgainstItsResolveIsEnded() throws Exception {
        ReplicaId replica = Fleet.newReplicaId();
        hold("INSERT INTO replica_ids VALUES ('" + replica + "', 'host-1', 1, now())");
        Future<ReplicaOutcome> register = waiting(1, () -> host.register(replica, "a", "image-a"));
        letGo();
        assertThat(register.get()).isEqualTo(new ReplicaOutcome.Ended(replica));
        assertThat(fleet.keys()).isEmpty();
    }

    private RegisterRequest registering(String key) {
        return new RegisterRequest(host.sender(), List.of(FleetHost.registration(Fleet.newReplicaId(), key, "image-" + key, 1)));
    }

    @Test
    void joinWaitsForARegistrationInFlightAndFencesTheNextOne() throws Exception {
        holdNamespace();
        RegisterRequest inFlight = registering("a");
        RegisterRequest late = registering("b");
        Future<Reply<ReplicaOutcomes>> first = waiting(1, () -> host.send(inFlight));
        Future<JoinAnswer> join = waiting(2, host::join);
        letGo();
        assertThat(first.get()).isInstanceOf(Reply.Accepted.class);
        assertThat(join.get()).isInstanceOfSatisfying(JoinAnswer.Joined.class, joined -> assertThat(joined.incarnation()).isEqualTo(2));
        assertThat(host.send(late)).isInstanceOf(Reply.Fenced.class);
        assertThat(fleet.keys()).containsExactly("a");
    }

    @Test
    void aRegistrationThatWaitsForAJoinIsFencedOff() throws Exception {
        host.holds("old", "image-old");
        fleet.invalidate("old", null);
        host.ordered();
        RegisterRequest late = registering("a");
        // The join has the host when it makes the host's orders due.
        hold("SELECT * FROM replicas FOR UPDATE");
        Future<JoinAnswer> join = waiting(1, host::join);
        Future<Reply<ReplicaOutcomes>> register = waiting(2, () -> host.send(late));
        letGo();
        assertThat(join.get()).isInstanceOf(JoinAnswer.Joined.class);
        assertThat(register.get()).isInstanceOf(Reply.Fenced.class);
        assertThat(fleet.keys()).isEmpty();
    }

    /** A backup from before a join draws that join's number again, so the incarnation alone does not tell the two apart. */
    @Test
    void aRegistrationThatWaitsForAJoinInANewEpochIsFencedOffThoughItsIncarnationIsTheSame() throws Exception {
        RegisterRequest late = registering("a");
        hold("SELECT * FROM hosts FOR UPDATE");
        Future<Reply<ReplicaOutcomes>> register = waiting(1, () -> host.send(late));
        assertThat(registry.execute(new Command.Restored(late.sender().epoch()))).isInstanceOf(Outcomes.Restoration.Restored.class);
        letGo();
        assertThat(register.get()).isInstanceOfSatisfying(Reply.Fenced.class, fenced -> assertThat(fenced.why()).contains("epoch"));
        assertThat(fleet.keys()).isEmpty();
    }

    @Test
    void heartbeatsAndRegistrationsOfOneHostDoNotWaitForEachOther() throws Exception {
        holdNamespace();
        Future<ReplicaOutcome> register = waiting(1, () -> host.register(Fleet.newReplicaId(), "a", "image-a"));
        assertThat(registry.atSecond(host::heartbeat).call().orders()).isEmpty();
        letGo();
        assertThat(register.get()).isInstanceOf(ReplicaOutcome.Registered.class);
    }

    @Test
    void anAttachThatCameFirstIsDoomedByTheEvictionThatWaitedForIt() throws Exception {
        ReplicaId original = host.holds("a", "image-a");
        long generation = fleet.entry("a").generation();
        FleetHost peer = fleet.host("host-2");
        ReplicaId copy = Fleet.newReplicaId();
        hold(
                "INSERT INTO replicas (replica_id, host_id, namespace, key, snapshot_id, generation, size_bytes, registered_at) "
                        + "VALUES ('" + copy + "', 'host-2', 'x', 'x', 'x', 1, 1, now())");
        // The copy has its entry when it finds its own row's place taken; the eviction waits for the entry.
        Future<ReplicaOutcome> attach = waiting(1, () -> peer.attach(copy, "a", generation));
        Future<Outcomes.Invalidation> invalidate = waiting(2, () -> fleet.invalidate("a", null));
        other.rollback();
        assertThat(attach.get()).isInstanceOf(ReplicaOutcome.Registered.class);
        assertThat(invalidate.get()).isInstanceOf(Outcomes.Invalidation.Invalidated.class);
        assertThat(fleet.onlyEviction().fact().replicas()).isEqualTo(2);
        assertThat(host.ordered()).containsExactly(original);
        assertThat(peer.ordered()).containsExactly(copy);
    }

    @Test
    void anAttachThatWaitedForAnEvictionIsGone() throws Exception {
        host.holds("a", "image-a");
        long generation = fleet.entry("a").generation();
        FleetHost peer = fleet.host("host-2");
        // The eviction has the entry when it waits for the holder's row.
        hold("SELECT * FROM replicas FOR UPDATE");
        Future<Outcomes.Invalidation> invalidate = waiting(1, () -> fleet.invalidate("a", null));
        Future<ReplicaOutcome> attach = waiting(2, () -> peer.attach(Fleet.newReplicaId(), "a", generation));
        letGo();
        assertThat(invalidate.get()).isInstanceOf(Outcomes.Invalidation.Invalidated.class);
        assertThat(attach.get()).isInstanceOf(ReplicaOutcome.Gone.class);
        assertThat(fleet.onlyEviction().fact().replicas()).isOne();
    }

    @Test
    void ofTwoHoldersThatLoseTheirCopiesAtOnceTheLaterTakesTheEntry() throws Exception {
        FleetHost peer = fleet.host("host-2");
        ReplicaId one = host.holds("a", "image-a");
        ReplicaId two = peer.holds("a", "image-a");
        holdNamespace();
        Future<?> first = waiting(1, () -> host.drop(Reason.LOST, one));
        Future<?> second = waiting(2, () -> peer.drop(Reason.LOST, two));
        letGo();
        first.get();
        second.get();
        assertThat(fleet.keys()).isEmpty();
        assertThat(fleet.evictions()).hasSize(1);
    }

    @Test
    void ofTwoHoldersThatDrainAtOnceNeitherLosesItsCopy() throws Exception {
        FleetHost peer = fleet.host("host-2");
        host.holds("a", "image-a");
        peer.holds("a", "image-a");
        registry.execute(new Command.Drain(host.id));
        // The first relief has seen that the peer stays, and waits; then the peer is to go too.
        holdNamespace();
        Future<Outcomes.Relieved> first = waiting(1, () -> registry.execute(new Command.Relieve(10)));
        registry.execute(new Command.Drain(peer.id));
        assertThat(registry.atSecond(() -> registry.execute(new Command.Relieve(10))).call()).isEqualTo(new Outcomes.Relieved(1, 0, true));
        letGo();
        assertThat(first.get()).isEqualTo(new Outcomes.Relieved(1, 0, true));
        assertThat(fleet.entry("a").replicas()).extracting(ReplicaView::state).containsExactly("LIVE", "LIVE");
    }

    @Test
    void aReliefThatWaitedWhileTheOtherCopyWasLostKeepsTheLastOne() throws Exception {
        FleetHost peer = fleet.host("host-2");
        ReplicaId stays = host.holds("a", "image-a");
        ReplicaId lost = peer.holds("a", "image-a");
        registry.execute(new Command.Drain(host.id));
        holdNamespace();
        Future<?> drop = waiting(1, () -> peer.drop(Reason.LOST, lost));
        Future<Outcomes.Relieved> relief = waiting(2, () -> registry.execute(new Command.Relieve(10)));
        letGo();
        drop.get();
        assertThat(relief.get()).isEqualTo(new Outcomes.Relieved(1, 0, true));
        assertThat(fleet.entry("a").replicas()).singleElement().satisfies(replica -> {
            assertThat(replica.replicaId()).isEqualTo(stays);
            assertThat(replica.state()).isEqualTo("LIVE");
        });
    }

    @Test
    void aCopyThatIsLostWhileTheOtherIsRelievedTakesTheEntryWithIt() throws Exception {
        FleetHost peer = fleet.host("host-2");
        ReplicaId relieved = host.holds("a", "image-a");
        ReplicaId lost = peer.holds("a", "image-a");
        registry.execute(new Command.Drain(host.id));
        holdNamespace();
        Future<Outcomes.Relieved> relief = waiting(1, () -> registry.execute(new Command.Relieve(10)));
        Future<?> drop = waiting(2, () -> peer.drop(Reason.LOST, lost));
        letGo();
        assertThat(relief.get()).isEqualTo(new Outcomes.Relieved(1, 1, true));
        drop.get();
        assertThat(fleet.keys()).as("nobody holds it to stay").isEmpty();
        assertThat(host.ordered()).containsExactly(relieved);
    }

    @Test
    void aRegistrationInFlightIsBeforeTheDrainThatWaitsForItAndTheNextOneIsRefused() throws Exception {
        FleetHost peer = fleet.host("host-2");
        peer.holds("a", "image-a");
        holdNamespace();
        ReplicaId inFlight = Fleet.newReplicaId();
        Future<ReplicaOutcome> first = waiting(1, () -> host.register(inFlight, "a", "image-a"));
        Future<Outcomes.Draining> drain = waiting(2, () -> registry.execute(new Command.Drain(host.id)));
        letGo();
        assertThat(first.get()).isInstanceOf(ReplicaOutcome.Registered.class);
        assertThat(drain.get()).isInstanceOf(Outcomes.Draining.Drains.class);
        assertThat(host.register(Fleet.newReplicaId(), "b", "image-b")).isInstanceOf(ReplicaOutcome.Refused.class);
        assertThat(registry.execute(new Command.Relieve(10))).isEqualTo(new Outcomes.Relieved(1, 1, true));
        assertThat(host.ordered()).containsExactly(inFlight);
    }

    @Test
    void twoFirstJoinsOfOneHostIdMakeTwoIncarnations() throws Exception {
        holdJoinOfHost9();
        Future<Reply<JoinAnswer>> join = waiting(1, () -> registry.execute(new Command.FromWorker<>(joinWithItsStore("host-9"))));
        letGo();
        assertThat(FleetHost.accepted(join.get())).isInstanceOfSatisfying(
                JoinAnswer.Joined.class,
                joined -> assertThat(joined.incarnation()).isEqualTo(2));
        assertThat(registry.conflicts()).isOne();
    }

    @Test
    void ofTwoHostsThatJoinAtOnceWithOneStoreOneIsRefused() throws Exception {
        holdJoinOfHost9();
        Future<Reply<JoinAnswer>> join = waiting(1, () -> registry.execute(new Command.FromWorker<>(joinWithItsStore("host-8"))));
        letGo();
        assertThat(FleetHost.accepted(join.get())).isInstanceOfSatisfying(
                JoinAnswer.Refused.class,
                refused -> assertThat(refused.reason()).isEqualTo(JoinAnswer.Reason.STORE_IN_USE));
    }

    private void holdJoinOfHost9() throws Exception {
        hold(
                "INSERT INTO hosts (host_id, store_id, address, state, incarnation, process_id, partition, last_heard_at, replicas, bytes, held, trash, "
                        + "free_bytes, readmitted, reconcile_first) SELECT 'host-9', '00000000-0000-0009-0000-000000000009', address, state, incarnation, process_id, partition, "
                        + "last_heard_at, replicas, bytes, held, trash, free_bytes, readmitted, reconcile_first FROM hosts LIMIT 1");
    }

    private JoinRequest joinWithItsStore(String hostId) {
        JoinRequest known = host.joinRequest();
        return new JoinRequest(new HostId(hostId), new StoreId(new UUID(9, 9)), known.address(), known.versions(), known.process());
    }

    @Test
    void aNamespaceThatTwoCreateAtOnceIsCreatedOnce() throws Exception {
        hold(
                "INSERT INTO namespaces (name, max_entries, max_eviction_share, entries, bytes, use_counter, hits, misses) VALUES ('new', 5, 0.5, 0, 0, 0, 0, 0)");
        Future<Outcomes.PolicySetting> set = waiting(1, () -> registry.execute(new Command.SetPolicy(Fleet.ns("new"), null, 9L, null)));
        letGo();
        assertThat(set.get()).isInstanceOfSatisfying(Outcomes.PolicySetting.Changed.class, changed -> {
            assertThat(changed.policy().maxEntries()).isEqualTo(5);
            assertThat(changed.policy().maxBytes()).isEqualTo(9);
        });
    }

    @Test
    void aRequestThatIsRepeatedWhileItRunsIsCarriedOutOnce() throws Exception {
        IdempotencyKey key = new IdempotencyKey("caller", "k", "digest");
        Command.Put put = new Command.Put(Fleet.name("a"), new SnapshotId("image-a"), 1, Description.NONE);
        holdNamespace();
        Future<Outcomes.Putting> first = waiting(1, () -> registry.executeOnce(key, put));
        Future<Outcomes.Putting> second = waiting(2, () -> registry.executeOnce(key, put));
        letGo();
        assertThat(second.get()).isEqualTo(first.get());
        assertThat(fleet.entry("a").generation()).isEqualTo(((Outcomes.Putting.Stored) first.get()).generation());
        assertThat(DATABASE.ask("SELECT last_use FROM entries")).containsExactly("1");
    }

    @Test
    void ordersThatAnotherPublisherHasInHandArePassedOver() throws SQLException {
        ReplicaId taken = host.holds("a", "1");
        ReplicaId free = host.holds("b", "2");
        fleet.invalidate("a", null);
        fleet.invalidate("b", null);
        hold("SELECT * FROM replicas WHERE replica_id = '" + taken + "' FOR UPDATE");
        hold("SELECT * FROM evictions WHERE key = 'a' FOR UPDATE");
        assertThat(host.ordered()).containsExactly(free);
        fleet.registry.execute(new Command.ReturnOrders(List.of(free)));
        assertThat(fleet.claimOrders()).extracting(order -> order.order().replicaId()).containsExactly(free);
        assertThat(fleet.claimFacts()).extracting(fact -> fact.key().value()).containsExactly("b");
        letGo();
        assertThat(fleet.claimOrders()).extracting(order -> order.order().replicaId()).containsExactly(taken);
        assertThat(fleet.claimFacts()).extracting(fact -> fact.key().value()).containsExactly("a");
    }

    @Test
    void whoLosesADeadlockBeginsAgain() throws Exception {
        ReplicaId doomed = host.holds("a", "1");
        fleet.invalidate("a", null);
        hold("SELECT * FROM replicas WHERE replica_id = '" + doomed + "' FOR UPDATE");
        Future<?> report = waiting(1, () -> {
            fleet.report(host.report(doomed, Report.Result.DELETED));
            return null;
        });
        // The report has the host for its fence; wanting the host now closes the circle, and one of the two is told.
        boolean otherLost = false;
        try {
            hold("SELECT * FROM hosts FOR UPDATE");
        } catch (SQLException e) {
            assertThat(e.getSQLState()).isEqualTo("40P01");
            otherLost = true;
        }
        other.rollback();
        report.get();
        assertThat(registry.conflicts()).isEqualTo(otherLost ? 0 : 1);
        assertThat(fleet.onlyEviction().open()).isFalse();
        assertThat(fleet.onlyEviction().orders()).extracting(order -> order.state()).containsExactly("DELETED");
    }

    @Test
    void aSecondCopyThatIsRegisteredWhileTheFirstIsPutJoinsIt() throws ExecutionException, InterruptedException, SQLException {
        FleetHost peer = fleet.host("host-2");
        holdNamespace();
        Future<ReplicaId> one = waiting(1, () -> host.holds("a", "image-a"));
        Future<ReplicaId> two = waiting(2, () -> peer.holds("a", "image-a"));
        letGo();
        assertThat(List.of(one.get(), two.get())).doesNotHaveDuplicates();
        assertThat(fleet.entry("a").replicas()).extracting(ReplicaView::replicaId).containsExactlyInAnyOrder(one.get(), two.get());
        assertThat(fleet.evictions()).isEmpty();
    }
}
