package dev.spillway.registry;

import dev.spillway.events.EvictionCause;
import dev.spillway.events.HostId;
import dev.spillway.events.Order;
import dev.spillway.events.OrderCause;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.JoinAnswer.Joined;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.registry.RegistryQueries.HostView;
import dev.spillway.registry.RegistryQueries.LastCopies;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.model.HostState;
import dev.spillway.registry.trail.Activity;
import dev.spillway.registry.trail.ActivityCursor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** A drained host gives up its copies, and no entry loses its last copy. */
public interface DrainContract extends RegistryFixture {
    private static Outcomes.Draining drain(Fleet fleet, FleetHost host) {
        return fleet.registry.execute(new Command.Drain(host.id));
    }

    private static Outcomes.Relieved relieve(Fleet fleet) {
        return fleet.registry.execute(new Command.Relieve(1_000));
    }

    /** Looks at everything that drains once more. */
    private Outcomes.Relieved relieveLater(Fleet fleet) {
        pass(RegistryRules.DEFAULTS.contact().heartbeat());
        return relieve(fleet);
    }

    private static HostView view(Fleet fleet, FleetHost host) {
        return fleet.registry.queries().host(host.id).orElseThrow();
    }

    private static LastCopies last(HostView view) {
        return Objects.requireNonNull(view.lastCopies(), "the host drains");
    }

    private static HostState state(Fleet fleet, FleetHost host) {
        return view(fleet, host).row().shownState();
    }

    private static void heldByBoth(FleetHost one, FleetHost other, String key) {
        one.holds(key, "image-" + key);
        other.holds(key, "image-" + key);
    }

    @Test
    default void aHostThatDrainsTakesNothingNewAndIsTold() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        FleetHost other = fleet.host("host-2");
        ReplicaId before = host.holds("a", "image-a");
        other.holds("b", "image-b");
        assertThat(host.heartbeat().draining()).isFalse();
        assertThat(drain(fleet, host)).isInstanceOf(Outcomes.Draining.Drains.class);

        ReplicaId late = Fleet.newReplicaId();
        assertThat(host.register(late, "c", "image-c")).isInstanceOfSatisfying(ReplicaOutcome.Refused.class, refused -> {
            assertThat(refused.reason()).isEqualTo(ReplicaOutcome.Reason.DRAINING);
            assertThat(refused.detail()).contains("host-1", "spillway drain host-1 --cancel");
        });
        ReplicaId copy = Fleet.newReplicaId();
        assertThat(host.attach(copy, "b", fleet.entry("b").generation())).isInstanceOf(ReplicaOutcome.Refused.class);
        assertThat(fleet.keys()).as("nothing was put").containsExactly("a", "b");
        assertThat(fleet.entry("b").replicas()).hasSize(1);
        assertThat(host.resolve(late)).as("used up").isEqualTo(new ReplicaOutcome.Ended(late));
        assertThat(host.register(copy, "b", "image-b")).as("used up").isEqualTo(new ReplicaOutcome.Ended(copy));
        assertThat(host.register(before, "a", "image-a")).as("what was registered before stays so")
                .isInstanceOf(ReplicaOutcome.Registered.class);
        assertThat(host.heartbeat().draining()).isTrue();
        assertThat(host.join()).isInstanceOfSatisfying(Joined.class, joined -> assertThat(joined.draining()).isTrue());
        other.holds("d", "image-d");
    }

    @Test
    default void whatOthersHoldIsOrderedAwayAndALastCopyStays() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        FleetHost other = fleet.host("host-2");
        ReplicaId shared = host.holds("shared", "image-1");
        ReplicaId stays = other.holds("shared", "image-1");
        host.holds("only-here", "image-2");
        assertThat(relieve(fleet)).as("nothing drains").isEqualTo(new Outcomes.Relieved(0, 0, false));
        drain(fleet, host);
        assertThat(view(fleet, host)).satisfies(view -> {
            assertThat(last(view).copies()).isOne();
            assertThat(last(view).bytes()).isOne();
            assertThat(last(view).live()).isEqualTo(2);
            assertThat(view.isDrained()).isFalse();
        });
        assertThat(relieve(fleet)).isEqualTo(new Outcomes.Relieved(2, 1, true));
        assertThat(relieve(fleet)).as("nothing is due").isEqualTo(new Outcomes.Relieved(0, 0, false));

        Order order = fleet.claimOrders().getFirst().order();
        assertThat(order.replicaId()).isEqualTo(shared);
        assertThat(order.cause()).isEqualTo(OrderCause.RELIEF);
        assertThat(order.evictionId()).isNull();
        assertThat(view(fleet, host)).satisfies(view -> {
            assertThat(view.openOrders()).isOne();
            assertThat(view.isDrained()).isFalse();
        });
        fleet.report(host.report(shared, Report.Result.DELETED));
        assertThat(view(fleet, host)).satisfies(view -> {
            assertThat(view.replicas()).isOne();
            assertThat(view.openOrders()).isZero();
            assertThat(view.isDrained()).isTrue();
        });
        assertThat(fleet.keys()).containsExactly("shared", "only-here");
        assertThat(fleet.entry("shared").replicas()).extracting(replica -> replica.replicaId()).containsExactly(stays);
        assertThat(fleet.evictions()).isEmpty();
    }

    @Test
    default void ofTwoHostsThatDrainAtOnceNeitherLosesItsCopy() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost one = fleet.host("host-1");
        FleetHost two = fleet.host("host-2");
        heldByBoth(one, two, "a");
        drain(fleet, one);
        drain(fleet, two);
        assertThat(relieve(fleet)).isEqualTo(new Outcomes.Relieved(1, 0, true));
        assertThat(relieve(fleet)).isEqualTo(new Outcomes.Relieved(1, 0, true));
        assertThat(relieve(fleet)).isEqualTo(new Outcomes.Relieved(0, 0, false));
        assertThat(List.of(one, two)).allSatisfy(host -> assertThat(view(fleet, host).isDrained()).isTrue());

        FleetHost three = fleet.host("host-3");
        three.attach(Fleet.newReplicaId(), "a", fleet.entry("a").generation());
        assertThat(relieveLater(fleet).doomed() + relieve(fleet).doomed()).as("a third one has it now").isEqualTo(2);
    }

    @Test
    default void aHostThatIsAwayIsNotReliedOn() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 5);
        FleetHost host = fleet.host("host-1");
        FleetHost other = fleet.host("host-2");
        heldByBoth(host, other, "a");
        drain(fleet, host);
        assertThat(fleet.sweep(10).hostsAway()).isEqualTo(2);
        host.heartbeat();
        assertThat(relieve(fleet)).isEqualTo(new Outcomes.Relieved(1, 0, true));
        assertThat(last(view(fleet, host)).copies()).isOne();
        other.heartbeat();
        assertThat(relieveLater(fleet)).isEqualTo(new Outcomes.Relieved(1, 1, true));
    }

    @Test
    default void aHostThatWaitsForAPersonOrForItsComparisonIsNotReliedOn() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        FleetHost other = fleet.host("host-2");
        heldByBoth(host, other, "a");
        List<ReplicaId> more = List.of(other.holds("b", "image-b"), other.holds("c", "image-c"), other.holds("d", "image-d"));
        drain(fleet, host);
        other.drop(DropRequest.Reason.LOST, more.toArray(ReplicaId[]::new));
        assertThat(view(fleet, other).row().attention()).isNotNull();
        assertThat(relieve(fleet).doomed()).as("its volume may be missing").isZero();
        other.discrepancies(List.of(), List.of(), 4);
        assertThat(view(fleet, other).row().attention()).isNull();

        other.join();
        other.join(other.joinRequest(1L));
        assertThat(view(fleet, other).row().reconcileFirst()).isTrue();
        assertThat(relieveLater(fleet).doomed()).as("its store may be an older one").isZero();
        other.discrepancies(List.of(), List.of(), 4);
        assertThat(relieveLater(fleet).doomed()).isOne();
    }

    @Test
    default void theWishOutlivesAbsencesAndJoins() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 5);
        FleetHost host = fleet.host("host-1");
        drain(fleet, host);
        assertThat(state(fleet, host)).isEqualTo(HostState.DRAINING);
        fleet.sweep(10);
        assertThat(state(fleet, host)).isEqualTo(HostState.AWAY);
        assertThat(view(fleet, host).row().isDraining()).isTrue();
        assertThat(host.heartbeat().draining()).isTrue();
        assertThat(state(fleet, host)).isEqualTo(HostState.DRAINING);
        fleet.sweep(10);
        assertThat(host.join()).isInstanceOfSatisfying(Joined.class, joined -> assertThat(joined.draining()).isTrue());
        assertThat(state(fleet, host)).isEqualTo(HostState.DRAINING);
    }

    @Test
    default void drainingAgainChangesNothingAndCancellingEndsIt() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        FleetHost other = fleet.host("host-2");
        ReplicaId shared = host.holds("a", "image-a");
        other.holds("a", "image-a");
        Outcomes.Draining first = drain(fleet, host);
        assertThat(drain(fleet, host)).isEqualTo(first);
        relieve(fleet);
        for (int times = 0; times < 2; times++) {
            assertThat(fleet.registry.execute(new Command.CancelDrain(host.id))).isEqualTo(new Outcomes.Draining.Stays());
        }
        assertThat(state(fleet, host)).isEqualTo(HostState.ACTIVE);
        assertThat(view(fleet, host).isDrained()).isFalse();
        assertThat(host.heartbeat().draining()).isFalse();
        assertThat(relieveLater(fleet)).isEqualTo(new Outcomes.Relieved(0, 0, false));
        assertThat(host.register(Fleet.newReplicaId(), "b", "image-b")).isInstanceOf(ReplicaOutcome.Registered.class);
        host.join();
        assertThat(host.ordered()).as("what was ordered stays ordered").containsExactly(shared);
    }

    @Test
    default void anUnknownHostAndARetiredOneCannotBeDrained() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 5);
        assertThat(fleet.registry.execute(new Command.Drain(new HostId("nobody")))).isEqualTo(new Outcomes.Draining.Unknown());
        assertThat(fleet.registry.execute(new Command.CancelDrain(new HostId("nobody")))).isEqualTo(new Outcomes.Draining.Unknown());
        FleetHost host = fleet.host("host-1");
        host.holds("a", "image-a");
        drain(fleet, host);
        assertThat(fleet.registry.execute(new Command.Retire(host.id))).isEqualTo(new Outcomes.HostChange.Changed(1, 1));
        assertThat(state(fleet, host)).isEqualTo(HostState.RETIRED);
        assertThat(drain(fleet, host)).isInstanceOf(Outcomes.Draining.Refused.class);
        assertThat(fleet.registry.execute(new Command.CancelDrain(host.id))).as("it does not take part again for that")
                .isInstanceOf(Outcomes.Draining.Refused.class);
        assertThat(relieve(fleet)).isEqualTo(new Outcomes.Relieved(0, 0, false));
        fleet.registry.execute(new Command.Readmit(host.id));
        assertThat(host.join()).as("retiring ended it")
                .isInstanceOfSatisfying(Joined.class, joined -> assertThat(joined.draining()).isFalse());
    }

    @Test
    default void aNewHostGetsThePartitionOfOneThatDrainsOrIsRetired() {
        Fleet fleet = new Fleet(empty());
        List<FleetHost> hosts = new ArrayList<>();
        for (int number = 0; number < 4; number++) {
            hosts.add(fleet.host("host-" + number));
        }
        drain(fleet, hosts.get(2));
        assertThat(((Joined) new FleetHost(fleet.registry, "host-5").join()).partition()).isEqualTo(2);
        fleet.registry.execute(new Command.Retire(hosts.get(1).id));
        assertThat(((Joined) new FleetHost(fleet.registry, "host-6").join()).partition()).isEqualTo(1);
        assertThat(((Joined) new FleetHost(fleet.registry, "host-7").join()).partition()).isZero();
    }

    @Test
    default void whatAnEvictionLeftForTheSweepGetsTheOrderThatNamesIt() {
        Fleet fleet = Fleet.withCapacity(empty(withChunks(1)), 5);
        FleetHost other = fleet.host("host-1");
        FleetHost host = fleet.host("host-2");
        FleetHost third = fleet.host("host-3");
        List<ReplicaId> ids = Stream.generate(Fleet::newReplicaId).limit(3).sorted().toList();
        other.register(ids.get(0), "a", "image-a");
        host.register(ids.get(1), "a", "image-a");
        third.register(ids.get(2), "a", "image-a");
        fleet.invalidate("a", null);
        drain(fleet, host);
        assertThat(relieve(fleet)).as("the third has its copy still").isEqualTo(new Outcomes.Relieved(1, 0, true));
        while (fleet.sweep(1).more()) {
            // The next one.
        }
        assertThat(host.heartbeat().orders()).singleElement().satisfies(order -> {
            assertThat(order.cause()).isEqualTo(OrderCause.INVALIDATED);
            assertThat(order.evictionId()).isEqualTo(fleet.onlyEviction().fact().id());
        });
    }

    private static RegistryRules withChunks(int doomChunk) {
        return RegistryFixture.withChunks(doomChunk, 100, 100);
    }

    @Test
    default void theLastHolderThatLosesItsCopyAfterAReliefTakesTheEntry() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        FleetHost other = fleet.host("host-2");
        host.holds("a", "image-a");
        ReplicaId stays = other.holds("a", "image-a");
        drain(fleet, host);
        relieve(fleet);
        other.drop(DropRequest.Reason.LOST, stays);
        assertThat(fleet.keys()).isEmpty();
        assertThat(fleet.onlyEviction().fact().cause()).isEqualTo(EvictionCause.LOST);
        assertThat(fleet.onlyEviction().fact().replicas()).as("its copy has an order of its own").isZero();
    }

    @Test
    default void aLargeHostIsRelievedStepByStepAndNeverHasMoreThanSoManyOrders() {
        Fleet fleet = Fleet.withCapacity(empty(), 20_000);
        FleetHost host = fleet.host("host-1");
        FleetHost other = fleet.host("host-2");
        for (int thousand = 0; thousand < 11; thousand++) {
            host.registerMany("k" + thousand + "-", 1_000);
            other.registerMany("k" + thousand + "-", 1_000);
        }
        drain(fleet, host);
        for (int thousand = 0; thousand < 10; thousand++) {
            assertThat(relieve(fleet)).isEqualTo(new Outcomes.Relieved(1_000, 1_000, true));
        }
        assertThat(relieve(fleet)).as("enough are open").isEqualTo(new Outcomes.Relieved(0, 0, true));
        assertThat(relieve(fleet)).as("and they are given time").isEqualTo(new Outcomes.Relieved(0, 0, false));
        Report[] deleted = fleet.claimOrders()
                .stream()
                .map(order -> host.report(order.order().replicaId(), Report.Result.DELETED))
                .toArray(Report[]::new);
        assertThat(deleted).hasSize(1_000);
        fleet.report(deleted);
        assertThat(relieveLater(fleet)).isEqualTo(new Outcomes.Relieved(1_000, 1_000, true));
        assertThat(view(fleet, host)).satisfies(view -> {
            assertThat(view.openOrders()).isEqualTo(10_000);
            assertThat(view.replicas()).isEqualTo(10_000);
            assertThat(last(view).copies()).isZero();
        });
        assertThat(fleet.evictions()).isEmpty();
    }

    @Test
    default void whoWatchesSeesAHostBeginAndEndToDrain() {
        Fleet fleet = new Fleet(empty());
        FleetHost host = fleet.host("host-1");
        ActivityCursor from = fleet.registry.queries().activity(null, 1).next();
        drain(fleet, host);
        fleet.registry.execute(new Command.CancelDrain(host.id));
        assertThat(fleet.registry.queries().activity(from, 10).items()).extracting(recorded -> recorded.activity())
                .extracting(activity -> ((Activity.HostChanged) activity).state())
                .containsExactly(HostState.DRAINING, HostState.ACTIVE);
    }

    @Test
    default void aDrainIsAskedForOncePerKey() {
        Fleet fleet = new Fleet(empty());
        FleetHost host = fleet.host("host-1");
        IdempotencyKey key = new IdempotencyKey("caller", UUID.randomUUID().toString(), "drain");
        Outcomes.Draining first = fleet.registry.executeOnce(key, new Command.Drain(host.id));
        fleet.registry.execute(new Command.CancelDrain(host.id));
        assertThat(fleet.registry.executeOnce(key, new Command.Drain(host.id))).isEqualTo(first);
        assertThat(state(fleet, host)).isEqualTo(HostState.ACTIVE);
    }
}
