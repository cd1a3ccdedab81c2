package dev.spillway.registry;

import dev.spillway.events.EvictionCause;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.RegistryId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.StoreId;
import dev.spillway.events.codec.EventType;
import dev.spillway.events.protocol.HeartbeatAnswer;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.Intervals;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinAnswer.Joined;
import dev.spillway.events.protocol.JoinAnswer.Reason;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.Sender;
import dev.spillway.registry.RegistryQueries.HostView;
import dev.spillway.registry.RegistryQueries.OrderView;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.HostState;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static dev.spillway.registry.Fleet.NS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/** Hosts join, are heard, go away, are retired and come back. */
public interface HostContract extends RegistryFixture {
    @Test
    default void theFirstJoinMakesTheFirstIncarnation() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = new FleetHost(fleet.registry, "host-1");
        assertThat(host.join()).isInstanceOfSatisfying(Joined.class, joined -> {
            assertThat(joined.incarnation()).isOne();
            assertThat(joined.epoch()).isOne();
            assertThat(joined.partition()).isZero();
            assertThat(joined.reconcileFirst()).isFalse();
            assertThat(joined.policies().policies()).containsExactly(new PolicySet.Entry(new NamespaceName(NS), null));
            assertThat(joined.intervals().heartbeat()).isEqualTo(RegistryRules.DEFAULTS.contact().heartbeat());
        });
        HostView view = fleet.registry.queries().host(host.id).orElseThrow();
        assertThat(view.row().state()).isEqualTo(HostState.ACTIVE);
        assertThat(view.row().storeId()).isEqualTo(host.storeId);
        assertThat(view.row().address()).isEqualTo("127.0.0.1:7080");
    }

    @Test
    default void hostsAreSpreadOverThePartitions() {
        Fleet fleet = new Fleet(empty());
        List<Integer> partitions = IntStream.range(0, 6)
                .mapToObj(i -> ((Joined) new FleetHost(fleet.registry, "host-" + i).join()).partition())
                .toList();
        assertThat(partitions).containsExactly(0, 1, 2, 3, 0, 1);
    }

    /** As when others were retired, or the topic was given more partitions. What it has not read of the old one is due again. */
    @Test
    default void aHostThatJoinsAgainMovesToAPartitionWithTwoHostsFewer() {
        Fleet fleet = new Fleet(empty());
        List<FleetHost> hosts = IntStream.range(0, 6).mapToObj(i -> fleet.host("host-" + i)).toList();
        List.of(2, 3).forEach(gone -> fleet.registry.execute(new Command.Retire(hosts.get(gone).id)));
        assertThat(((Joined) hosts.get(0).join()).partition()).isEqualTo(2);
        assertThat(((Joined) hosts.get(4).join()).partition()).as("alone in its own now").isZero();
        assertThat(((Joined) hosts.get(5).join()).partition()).isEqualTo(3);
        assertThat(((Joined) hosts.get(1).join()).partition()).isEqualTo(1);
        assertThat(hosts.get(0).heartbeat().partition()).isEqualTo(2);
    }

    @Test
    default void joiningAgainRaisesTheIncarnationAndFencesTheEarlierOne() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        Sender earlier = host.sender();
        assertThat(((Joined) host.join()).incarnation()).isEqualTo(2);
        assertThat(host.send(new ResolveRequest(earlier, List.of(Fleet.newReplicaId())))).isInstanceOf(Reply.Fenced.class);
        assertThat(host.send(new HeartbeatRequest(earlier, HostFigures.NONE, List.of(), 0, 0))).isInstanceOf(Reply.Fenced.class);
        assertThat(host.resolve(Fleet.newReplicaId())).isInstanceOf(ReplicaOutcome.Ended.class);
    }

    @Test
    default void aHostIdThatIsStillHeardIsNotGivenToAnotherStore() {
        Fleet fleet = new Fleet(empty());
        FleetHost host = fleet.host("host-1");
        FleetHost impostor = new FleetHost(fleet.registry, "host-1", new StoreId(new UUID(1, 2)));
        assertThat(reason(impostor.join())).isEqualTo(Reason.HOST_ID_IN_USE);
        assertThat(host.heartbeat().partition()).isZero();
    }

    @Test
    default void aNewStoreForAHostWithReplicasWaitsForAPerson() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 5);
        FleetHost host = fleet.host("host-1");
        host.holds("a", "image-a");
        FleetHost replaced = new FleetHost(fleet.registry, "host-1", new StoreId(new UUID(1, 2)));
        assertThat(reason(replaced.join())).isEqualTo(Reason.NEW_STORE);
        assertThat(fleet.registry.execute(new Command.Readmit(host.id))).isEqualTo(new Outcomes.HostChange.Changed(1, 1));
        assertThat(replaced.join()).isInstanceOfSatisfying(Joined.class, joined -> assertThat(joined.reconcileFirst()).isTrue());
        assertThat(fleet.keys()).isEmpty();
    }

    @Test
    default void aNewStoreForAHostWithoutReplicasJoins() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 5);
        fleet.host("host-1");
        FleetHost replaced = new FleetHost(fleet.registry, "host-1", new StoreId(new UUID(1, 2)));
        assertThat(replaced.join()).isInstanceOfSatisfying(Joined.class, joined -> assertThat(joined.incarnation()).isEqualTo(2));
    }

    /** Returns the request of a store that has seen this much of a registry. */
    private static JoinRequest seen(JoinRequest plain, @Nullable RegistryId registry, long epoch, long highestGeneration) {
        return new JoinRequest(
                plain.hostId(),
                plain.storeId(),
                plain.address(),
                plain.versions(),
                registry,
                epoch,
                highestGeneration,
                plain.process(),
                0);
    }

    @Test
    default void aStoreOfAnotherRegistryOrAPastOneIsRefused() {
        Fleet fleet = new Fleet(empty());
        FleetHost host = new FleetHost(fleet.registry, "host-1");
        JoinRequest plain = host.joinRequest();
        assertThat(
                reason(
                        host.join(
                                seen(plain, new RegistryId(new UUID(9, 9)), 1, 0))))
                .isEqualTo(Reason.OTHER_REGISTRY);
        assertThat(
                reason(
                        host.join(
                                seen(plain, null, 0, 1_000_000))))
                .isEqualTo(Reason.REGISTRY_BEHIND);
        assertThat(
                reason(
                        host.join(
                                seen(plain, null, 2, 0))))
                .isEqualTo(Reason.REGISTRY_BEHIND);
        assertThat(
                reason(
                        host.join(
                                new JoinRequest(
                                        plain.hostId(),
                                        plain.storeId(),
                                        plain.address(),
                                        List.of(EventType.VERSION + 1),
                                        new JoinRequest.WorkerProcess(UUID.randomUUID(), false)))))
                .isEqualTo(Reason.NO_COMMON_VERSION);
        assertThat(fleet.registry.queries().hosts()).isEmpty();
    }

    @Test
    default void theHighestGenerationThatAHostSawIsKnownToTheRegistry() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        host.holds("a", "image-a");
        JoinRequest plain = host.joinRequest();
        assertThat(
                host.join(
                        new JoinRequest(
                                plain.hostId(),
                                plain.storeId(),
                                plain.address(),
                                plain.versions(),
                                host.sender().registryId(),
                                1,
                                fleet.entry("a").generation(),
                                plain.process(),
                                1)))
                .isInstanceOf(Joined.class);
    }

    @Test
    default void aHeartbeatUpdatesWhatIsKnownOfTheHost() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        host.holds("a", "image-a");
        Instant before = fleet.registry.queries().host(host.id).orElseThrow().row().lastHeardAt();
        host.heartbeat();
        HostView view = fleet.registry.queries().host(host.id).orElseThrow();
        assertThat(view.row().figures()).isEqualTo(new HostFigures(1, 2, 3, 4, 5, 6L));
        assertThat(view.row().lastHeardAt()).isAfter(before);
        assertThat(view.replicas()).isOne();
        assertThat(view.bytes()).isOne();
        assertThat(view.openOrders()).isZero();
        assertThat(view.oldestOpenOrderAt()).isNull();
    }

    @Test
    default void aHeartbeatBringsOrdersOldestFirstAndPoliciesOnlyWhenTheyChanged() {
        Fleet fleet = Fleet.withCapacity(empty(RegistryFixture.withChunks(1_000, 2, 100)), 5);
        FleetHost host = fleet.host("host-1");
        List<ReplicaId> held = IntStream.range(0, 3).mapToObj(i -> host.holds("k" + i, "image-" + i)).toList();
        fleet.invalidate("k1", null);
        fleet.invalidate("k2", null);
        fleet.invalidate("k0", null);
        HeartbeatAnswer first = host.heartbeat();
        assertThat(first.orders()).extracting(order -> order.replicaId()).containsExactly(held.get(1), held.get(2));
        assertThat(first.orders().getFirst()).satisfies(order -> {
            assertThat(order.attempt()).isOne();
            assertThat(order.evictionId()).isNotNull();
            assertThat(order.storeId()).isEqualTo(host.storeId);
        });
        PolicySet policies = Objects.requireNonNull(first.policies());
        HeartbeatAnswer second = host.heartbeat(policies.version());
        assertThat(second.orders()).extracting(order -> order.replicaId()).containsExactly(held.get(0));
        assertThat(second.policies()).isNull();
        fleet.registry.execute(new Command.SetPolicy(Fleet.ns(NS), null, 77L, null));
        PolicySet changed = Objects.requireNonNull(host.heartbeat(policies.version()).policies());
        assertThat(changed.version()).isGreaterThan(policies.version());
        assertThat(changed.policies()).containsExactly(new PolicySet.Entry(Fleet.ns(NS), 77L));
    }

    @Test
    default void aHostThatIsNotHeardIsAwayUntilItIsHeardAgain() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 5);
        FleetHost host = fleet.host("host-1");
        host.holds("a", "image-a");
        fleet.invalidate("a", null);
        assertThat(fleet.claimOrders()).hasSize(1);
        assertThat(fleet.sweep(10).hostsAway()).isOne();
        assertThat(fleet.sweep(10).hostsAway()).isZero();
        assertThat(fleet.registry.queries().host(host.id).orElseThrow().row().state()).isEqualTo(HostState.AWAY);
        assertThat(fleet.claimOrders()).as("its orders wait").isEmpty();
        assertThat(host.heartbeat().orders()).hasSize(1);
        assertThat(fleet.registry.queries().host(host.id).orElseThrow().row().state()).isEqualTo(HostState.ACTIVE);
        assertThat(fleet.claimOrders()).hasSize(1);
    }

    @Test
    default void aHostWithinItsTimeoutIsNotAway() {
        Fleet fleet = new Fleet(empty());
        fleet.host("host-1");
        assertThat(fleet.sweep(10)).isEqualTo(new Outcomes.Swept(0, 0, false));
    }

    @Test
    default void joiningMakesAllOpenOrdersDueAtOnce() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        ReplicaId replica = host.holds("a", "image-a");
        fleet.invalidate("a", null);
        assertThat(host.ordered()).containsExactly(replica);
        assertThat(host.ordered()).isEmpty();
        host.join();
        assertThat(host.ordered()).containsExactly(replica);
    }

    @Test
    default void retiringAbandonsTheRowsAndLosesWhatNobodyElseHolds() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost gone = fleet.host("host-1");
        FleetHost other = fleet.host("host-2");
        gone.holds("only-here", "1");
        ReplicaId shared = gone.holds("shared", "2");
        other.holds("shared", "2");
        ReplicaId doomed = gone.holds("doomed", "3");
        fleet.invalidate("doomed", null);
        assertThat(fleet.registry.execute(new Command.Retire(gone.id))).isEqualTo(new Outcomes.HostChange.Changed(3, 1));
        assertThat(fleet.keys()).containsExactly("shared");
        assertThat(fleet.entry("shared").replicas()).extracting(replica -> replica.replicaId()).doesNotContain(shared);
        assertThat(fleet.evictions()).filteredOn(eviction -> eviction.fact().cause() == EvictionCause.LOST)
                .singleElement()
                .satisfies(eviction -> assertThat(eviction.fact().key().value()).isEqualTo("only-here"));
        assertThat(fleet.evictions()).filteredOn(eviction -> eviction.fact().cause() == EvictionCause.INVALIDATED)
                .singleElement()
                .satisfies(
                        eviction -> assertThat(eviction.orders()).extracting(OrderView::replicaId, OrderView::state)
                                .containsExactly(tuple(doomed, "ABANDONED")));
        HostView view = fleet.registry.queries().host(gone.id).orElseThrow();
        assertThat(view.row().state()).isEqualTo(HostState.RETIRED);
        assertThat(view.replicas()).isZero();
        assertThat(fleet.registry.execute(new Command.Retire(gone.id))).as("again").isEqualTo(new Outcomes.HostChange.Changed(0, 0));
    }

    @Test
    default void aRetiredHostJoinsOnlyAfterReadmissionAndReconcilesFirst() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        ReplicaId replica = host.holds("a", "image-a");
        fleet.registry.execute(new Command.Retire(host.id));
        assertThat(host.send(new ResolveRequest(host.sender(), List.of(replica)))).isInstanceOf(Reply.Fenced.class);
        assertThat(reason(host.join())).isEqualTo(Reason.RETIRED);
        fleet.registry.execute(new Command.Readmit(host.id));
        assertThat(host.join()).isInstanceOfSatisfying(Joined.class, joined -> assertThat(joined.reconcileFirst()).isTrue());
        assertThat(host.heartbeat().reconcile()).isTrue();
        assertThat(host.resolve(replica)).isEqualTo(new ReplicaOutcome.Ended(replica));
        host.discrepancies(List.of(), List.of(), 0);
        assertThat(host.heartbeat().reconcile()).isFalse();
    }

    @Test
    default void theImagesOfAReadmittedHostAreOrderedAwayAndTheirRowsClose() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 5);
        FleetHost host = fleet.host("host-1");
        ReplicaId replica = host.holds("a", "image-a");
        fleet.registry.execute(new Command.Retire(host.id));
        fleet.registry.execute(new Command.Readmit(host.id));
        host.join();
        for (int look = 0; look < 2; look++) {
            host.orphans(1, FleetHost.orphan(replica, "a", 1));
        }
        assertThat(host.ordered()).containsExactly(replica);
        assertThat(host.heartbeat(host.report(replica, Report.Result.DELETED)).acknowledged()).containsExactly(replica);
        assertThat(fleet.registry.queries().openOrders().count()).isZero();
    }

    @Test
    default void aCopiedStoreIsRefusedUnderAnotherHostId() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost original = fleet.host("host-1");
        FleetHost copy = new FleetHost(fleet.registry, "host-2", original.storeId);
        assertThat(reason(copy.join())).isEqualTo(Reason.STORE_IN_USE);
        assertThat(fleet.registry.queries().hosts()).hasSize(1);
        fleet.registry.execute(new Command.Retire(original.id));
        JoinRequest plain = copy.joinRequest();
        assertThat(
                copy.join(
                        new JoinRequest(
                                plain.hostId(),
                                plain.storeId(),
                                plain.address(),
                                plain.versions(),
                                original.sender().registryId(),
                                1,
                                0,
                                plain.process(),
                                0)))
                .isInstanceOfSatisfying(Joined.class, joined -> assertThat(joined.reconcileFirst()).isTrue());
    }

    @Test
    default void anOlderCopyOfAStoreReconcilesFirstAndTheStoreItselfServesAtOnce() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        assertThat(host.join(host.joinRequest(1L))).as("a restart").isInstanceOfSatisfying(Joined.class, joined -> {
            assertThat(joined.incarnation()).isEqualTo(2);
            assertThat(joined.reconcileFirst()).isFalse();
        });
        assertThat(host.join(host.joinRequest(1L))).as("a copy of before the restart")
                .isInstanceOfSatisfying(Joined.class, joined -> assertThat(joined.reconcileFirst()).isTrue());
        assertThat(host.heartbeat().reconcile()).isTrue();
        assertThat(host.join(host.joinRequest(3L))).as("a restart before it was compared")
                .isInstanceOfSatisfying(Joined.class, joined -> assertThat(joined.reconcileFirst()).isTrue());
        host.discrepancies(List.of(), List.of(), 0);
        assertThat(host.heartbeat().reconcile()).isFalse();
        assertThat(host.join(host.joinRequest(4L))).as("a restart after it was compared")
                .isInstanceOfSatisfying(Joined.class, joined -> assertThat(joined.reconcileFirst()).isFalse());
    }

    @Test
    default void aStoreThatNeverHeardOfItsJoinIsTakenForAnOlderCopy() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        assertThat(host.join(host.joinRequest(0L))).as("the answer to its first join was lost")
                .isInstanceOfSatisfying(Joined.class, joined -> assertThat(joined.reconcileFirst()).isTrue());
    }

    @Test
    default void aHeartbeatsAnswerTellsTheRhythm() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        assertThat(fleet.host("host-1").heartbeat().intervals())
                .isEqualTo(new Intervals(RegistryRules.DEFAULTS.contact().heartbeat(), RegistryRules.DEFAULTS.contact().reconcile()));
    }

    @Test
    default void ofTwoProcessesWithOneStoreTheOneThatStartedLaterIsTheHost() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost original = new FleetHost(fleet.registry, "host-1");
        UUID older = new UUID(3, 1);
        UUID later = new UUID(3, 2);
        assertThat(original.join(original.joinRequest("10.0.0.1:7080", older, false))).isInstanceOf(Joined.class);
        FleetHost copy = new FleetHost(fleet.registry, "host-1");
        assertThat(copy.join(copy.joinRequest("10.0.0.2:7081", later, false))).as("a fresh process").isInstanceOf(Joined.class);
        assertThat(original.join(original.joinRequest("10.0.0.1:7080", older, true))).isInstanceOfSatisfying(
                JoinAnswer.Refused.class,
                refused -> {
                    assertThat(refused.reason()).isEqualTo(Reason.SUPERSEDED);
                    assertThat(refused.detail()).contains("host-1", "10.0.0.2:7081", "stop one of the two", "new data directory");
                });
        HostRow refusing = fleet.registry.queries().host(copy.id).orElseThrow().row();
        assertThat(refusing.incarnation()).isEqualTo(2);
        assertThat(refusing.address()).isEqualTo("10.0.0.2:7081");
        assertThat(refusing.attention()).contains("10.0.0.1:7080", "10.0.0.2:7081");
        assertThat(copy.heartbeat().partition()).as("it is not fenced").isZero();
        copy.discrepancies(List.of(), List.of(), 0);
        assertThat(fleet.registry.queries().host(copy.id).orElseThrow().row().attention()).isNull();
        assertThat(copy.join(copy.joinRequest("10.0.0.2:7081", later, true))).as("its own again").isInstanceOf(Joined.class);
    }

    @Test
    default void aSupersededProcessJoinsOnceTheOtherIsNotHeard() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 5);
        FleetHost original = new FleetHost(fleet.registry, "host-1");
        UUID older = new UUID(3, 1);
        original.join(original.joinRequest("10.0.0.1:7080", older, false));
        original.join(original.joinRequest("10.0.0.2:7081", new UUID(3, 2), false));
        assertThat(fleet.sweep(10).hostsAway()).isOne();
        assertThat(original.join(original.joinRequest("10.0.0.1:7080", older, true))).isInstanceOf(Joined.class);
    }

    @Test
    default void aProcessWhoseAnswerWasLostIsTaken() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = new FleetHost(fleet.registry, "host-1");
        UUID process = new UUID(3, 1);
        host.join(host.joinRequest("10.0.0.1:7080", process, false));
        assertThat(host.join(host.joinRequest("10.0.0.1:7080", process, false))).isInstanceOf(Joined.class);
        assertThat(host.join(host.joinRequest("10.0.0.1:7080", process, true))).isInstanceOf(Joined.class);
    }

    @Test
    default void aHostThatIsHeardCannotBeReadmittedAndAnUnknownOneNotChanged() {
        Fleet fleet = new Fleet(empty());
        FleetHost host = fleet.host("host-1");
        assertThat(fleet.registry.execute(new Command.Readmit(host.id))).isInstanceOf(Outcomes.HostChange.Refused.class);
        assertThat(fleet.registry.execute(new Command.Retire(new HostId("nobody")))).isEqualTo(new Outcomes.HostChange.Unknown());
        assertThat(fleet.registry.execute(new Command.Readmit(new HostId("nobody")))).isEqualTo(new Outcomes.HostChange.Unknown());
    }

    @Test
    default void aReportOfARetiredHostsStoreChangesNothing() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        ReplicaId replica = host.holds("a", "image-a");
        fleet.registry.execute(new Command.Retire(host.id));
        fleet.report(host.report(replica, Report.Result.DELETED));
        assertThat(fleet.evictions()).hasSize(1);
    }

    private static Reason reason(JoinAnswer answer) {
        return switch (answer) {
            case Joined joined -> throw new AssertionError("joined: " + joined);
            case JoinAnswer.Refused refused -> refused.reason();
        };
    }
}
