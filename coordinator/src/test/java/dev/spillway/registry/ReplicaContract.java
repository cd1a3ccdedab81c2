package dev.spillway.registry;

import dev.spillway.events.EvictionCause;
import dev.spillway.events.HostId;
import dev.spillway.events.RegistryId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.DropAnswer;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.DropRequest.Reason;
import dev.spillway.events.protocol.EvictedEntry;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.ReplicaOutcome.Ended;
import dev.spillway.events.protocol.ReplicaOutcome.Gone;
import dev.spillway.events.protocol.ReplicaOutcome.Refused;
import dev.spillway.events.protocol.ReplicaOutcome.Registered;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.Sender;
import dev.spillway.registry.RegistryQueries.EvictionView;
import dev.spillway.registry.RegistryQueries.OrderView;
import dev.spillway.registry.RegistryQueries.ReplicaView;
import dev.spillway.registry.decide.Outcomes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

import static dev.spillway.registry.Fleet.name;
import static dev.spillway.registry.Fleet.newReplicaId;
import static org.assertj.core.api.Assertions.assertThat;

/** Copies on hosts: registered once, attached, resolved, dropped, fenced. */
public interface ReplicaContract extends RegistryFixture {
    @Test
    default void aRegistrationIsAnsweredWithItsGenerationAndWhatItEvicted() {
        Fleet fleet = Fleet.withCapacity(empty(), 1);
        FleetHost host = fleet.host("host-1");
        host.holds("a", "image-a");
        ReplicaId replica = newReplicaId();
        assertThat(host.register(replica, "b", "image-b")).isInstanceOfSatisfying(Registered.class, registered -> {
            assertThat(registered.generation()).isEqualTo(fleet.entry("b").generation());
            assertThat(registered.snapshotId()).isEqualTo(new SnapshotId("image-b"));
            assertThat(registered.evicted()).extracting(EvictedEntry::key).containsExactly(name("a").key());
        });
        assertThat(fleet.entry("b").replicas()).extracting(ReplicaView::replicaId).containsExactly(replica);
    }

    @Test
    default void aReplicaIdIsRegisteredOnceEver() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 2);
        FleetHost host = fleet.host("host-1");
        ReplicaId replica = newReplicaId();
        Registered first = (Registered) host.register(replica, "a", "image-a");
        assertThat(host.register(replica, "a", "image-a"))
                .isEqualTo(new Registered(replica, new SnapshotId("image-a"), first.generation(), List.of()));
        fleet.invalidate("a", null);
        assertThat(host.register(replica, "a", "image-a")).as("doomed, its row is still open").isInstanceOf(Registered.class);
        host.heartbeat(host.report(replica, Report.Result.DELETED));
        assertThat(host.register(replica, "a", "image-a")).isEqualTo(new Ended(replica));
        assertThat(fleet.keys()).isEmpty();
    }

    @Test
    default void theSameIdTwiceInOneMessageIsRegisteredOnce() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        ReplicaId replica = newReplicaId();
        List<ReplicaOutcome> outcomes =
                host.register(FleetHost.registration(replica, "a", "1", 1), FleetHost.registration(replica, "b", "2", 1));
        assertThat(outcomes).hasSize(2).allSatisfy(outcome -> assertThat(outcome).isInstanceOf(Registered.class));
        assertThat(fleet.keys()).containsExactly("a");
    }

    @Test
    default void aSecondCopyOfTheSameSnapshotJoinsTheGeneration() {
        Fleet fleet = Fleet.withCapacity(empty(), 2);
        ReplicaId first = fleet.host("host-1").holds("a", "image-a");
        long generation = fleet.entry("a").generation();
        ReplicaId second = fleet.host("host-2").holds("a", "image-a");
        assertThat(fleet.entry("a").generation()).isEqualTo(generation);
        assertThat(fleet.entry("a").replicas()).extracting(ReplicaView::replicaId).containsExactlyInAnyOrder(first, second);
        assertThat(fleet.claimFacts()).isEmpty();
    }

    @Test
    default void anotherSnapshotUnderTheKeyDoomsEveryEarlierCopy() {
        Fleet fleet = Fleet.withCapacity(empty(), 2);
        FleetHost one = fleet.host("host-1");
        FleetHost two = fleet.host("host-2");
        ReplicaId first = one.holds("a", "old");
        ReplicaId second = two.holds("a", "old");
        ReplicaId third = two.holds("a", "new");
        assertThat(one.ordered()).containsExactly(first);
        assertThat(two.ordered()).containsExactly(second);
        assertThat(fleet.entry("a").replicas()).extracting(ReplicaView::replicaId).containsExactly(third);
        assertThat(fleet.onlyEviction().fact().replicas()).isEqualTo(2);
        assertThat(fleet.onlyEviction().fact().cause()).isEqualTo(EvictionCause.REPLACED);
    }

    @Test
    default void aRefusedRegistrationUsesItsIdUp() {
        Fleet fleet = new Fleet(empty());
        FleetHost host = fleet.host("host-1");
        ReplicaId replica = newReplicaId();
        assertThat(host.register(replica, "a", "image-a")).isInstanceOf(Refused.class);
        fleet.namespace(Fleet.NS, 5L);
        assertThat(host.register(replica, "a", "image-a")).isEqualTo(new Ended(replica));
        assertThat(host.resolve(replica)).isEqualTo(new Ended(replica));
        assertThat(fleet.keys()).isEmpty();
    }

    @Test
    default void manyInOneMessageAreAnsweredAsIfOneAfterTheOther() {
        Fleet fleet = Fleet.withCapacity(empty(), 3);
        FleetHost host = fleet.host("host-1");
        host.holds("old-1", "o1");
        host.holds("old-2", "o2");
        Registration[] items = IntStream.range(0, 6)
                .mapToObj(i -> FleetHost.registration(newReplicaId(), "k" + i, "image-" + i, 1))
                .toArray(Registration[]::new);
        List<List<String>> evicted = new ArrayList<>();
        for (ReplicaOutcome outcome : host.register(items)) {
            evicted.add(((Registered) outcome).evicted().stream().map(entry -> entry.key().value()).toList());
        }
        assertThat(evicted).containsExactly(List.of(), List.of("old-1"), List.of("old-2"), List.of("k0"), List.of("k1"), List.of("k2"));
        assertThat(fleet.keys()).containsExactly("k3", "k4", "k5");
        assertThat(host.ordered()).hasSize(5).contains(items[0].replicaId(), items[2].replicaId());
    }

    @Test
    default void aCopyAttachesToTheCurrentGenerationOnly() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost owner = fleet.host("host-1");
        FleetHost other = fleet.host("host-2");
        owner.holds("a", "old");
        long old = fleet.entry("a").generation();
        ReplicaId attached = newReplicaId();
        assertThat(other.attach(attached, "a", old)).isEqualTo(new Registered(attached, new SnapshotId("old"), old, List.of()));
        assertThat(other.attach(attached, "a", old)).isEqualTo(new Registered(attached, new SnapshotId("old"), old, List.of()));
        owner.holds("a", "new");
        ReplicaId late = newReplicaId();
        assertThat(other.attach(late, "a", old)).isEqualTo(new Gone(late));
        assertThat(other.attach(late, "a", fleet.entry("a").generation())).isEqualTo(new Ended(late));
        assertThat(other.attach(newReplicaId(), "nobody", 1)).isInstanceOf(Gone.class);
        assertThat(other.ordered()).containsExactly(attached);
    }

    @Test
    default void whatWasNeverRegisteredNeverWillBeOnceItWasResolved() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        ReplicaId replica = newReplicaId();
        assertThat(host.resolve(replica)).isEqualTo(new Ended(replica));
        assertThat(host.register(replica, "a", "image-a")).isEqualTo(new Ended(replica));
        assertThat(fleet.keys()).isEmpty();
    }

    @Test
    default void resolveTellsOfAnOpenRow() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        ReplicaId replica = host.holds("a", "image-a");
        Registered known = new Registered(replica, new SnapshotId("image-a"), fleet.entry("a").generation(), List.of());
        assertThat(host.resolve(replica)).isEqualTo(known);
        fleet.invalidate("a", null);
        assertThat(host.resolve(replica)).isEqualTo(known);
        assertThat(fleet.host("host-2").resolve(replica)).as("asked by a host that does not have it").isEqualTo(new Ended(replica));
    }

    @Test
    default void theLastHolderThatLosesItsCopyTakesTheEntryWithIt() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost one = fleet.host("host-1");
        FleetHost two = fleet.host("host-2");
        ReplicaId first = one.holds("a", "image-a");
        ReplicaId second = two.holds("a", "image-a");
        assertThat(one.drop(Reason.LOST, first)).isEqualTo(new DropAnswer(List.of(first), List.of()));
        assertThat(fleet.keys()).containsExactly("a");
        two.drop(Reason.LOST, second);
        assertThat(fleet.keys()).isEmpty();
        assertThat(fleet.onlyEviction().fact().cause()).isEqualTo(EvictionCause.LOST);
        assertThat(fleet.onlyEviction().open()).isFalse();
        assertThat(two.drop(Reason.LOST, second)).as("there is no row left to judge by")
                .isEqualTo(new DropAnswer(List.of(), List.of(second)));
        assertThat(fleet.evictions()).hasSize(1);
    }

    @Test
    default void whatTheStoresOwnLimitsDroppedGoesUnderPressure() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        host.drop(Reason.BOUNDS, host.holds("a", "image-a"));
        assertThat(fleet.keys()).isEmpty();
        assertThat(fleet.onlyEviction().fact().cause()).isEqualTo(EvictionCause.PRESSURE);
    }

    @Test
    default void aCancelledRegistrationNeverArrives() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        ReplicaId replica = newReplicaId();
        assertThat(host.drop(Reason.CANCELLED, replica)).isEqualTo(new DropAnswer(List.of(replica), List.of()));
        assertThat(host.register(replica, "a", "image-a")).isEqualTo(new Ended(replica));
    }

    @Test
    default void anEntryThatBelongsToNoHostOutlivesItsCopies() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        fleet.put("a", "image-a");
        FleetHost host = fleet.host("host-1");
        host.drop(Reason.LOST, host.holds("a", "image-a"));
        assertThat(fleet.keys()).containsExactly("a");
    }

    @Test
    default void aHostDropsNothingOfAnother() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost owner = fleet.host("host-1");
        FleetHost other = fleet.host("host-2");
        ReplicaId[] held = IntStream.range(0, 3).mapToObj(i -> owner.holds("k" + i, "image-" + i)).toArray(ReplicaId[]::new);
        assertThat(other.drop(Reason.LOST, held).kept()).as("no loss of its own that waits for a person").isEmpty();
        assertThat(owner.rows(null).rows()).containsExactlyInAnyOrder(held);
        assertThat(fleet.keys()).hasSize(3);
    }

    @Test
    default void tooLargeALossWaitsForAPerson() {
        Fleet fleet = Fleet.withCapacity(empty(), 10);
        FleetHost host = fleet.host("host-1");
        ReplicaId[] held = IntStream.range(0, 5).mapToObj(i -> host.holds("k" + i, "image-" + i)).toArray(ReplicaId[]::new);
        assertThat(host.drop(Reason.LOST, held[0], held[1], held[2]))
                .isEqualTo(new DropAnswer(List.of(), List.of(held[0], held[1], held[2])));
        assertThat(fleet.keys()).hasSize(5);
        assertThat(fleet.registry.queries().host(host.id).orElseThrow().row().attention()).contains("3 replicas");
        assertThat(
                FleetHost.accepted(host.send(new DropRequest(host.sender(), List.of(new DropRequest.Drop(held[0], Reason.LOST)), 2)))
                        .kept())
                .as("with those that are not named")
                .containsExactly(held[0]);
        assertThat(host.drop(Reason.LOST, held[0], held[1]).kept()).as("two are below the number that is judged").isEmpty();
        assertThat(fleet.keys()).hasSize(3);
    }

    @Test
    default void manyHoldersAreDoomedInChunksAndNoneIsForgotten() {
        Fleet fleet = Fleet.withCapacity(empty(RegistryFixture.withChunks(2, 500, 100)), 5);
        List<FleetHost> hosts = IntStream.range(0, 5).mapToObj(i -> fleet.host("host-" + i)).toList();
        List<ReplicaId> held = hosts.stream().map(host -> host.holds("a", "image-a")).toList();
        fleet.invalidate("a", null);
        assertThat(fleet.onlyEviction().fact().replicas()).isEqualTo(5);
        assertThat(fleet.onlyEviction().orders()).hasSize(2);
        assertThat(fleet.registry.queries().openOrders().count()).isEqualTo(2);

        assertThat(fleet.sweep(2)).isEqualTo(new Outcomes.Swept(0, 2, true));
        assertThat(fleet.sweep(2)).isEqualTo(new Outcomes.Swept(0, 1, true));
        assertThat(fleet.sweep(2)).isEqualTo(new Outcomes.Swept(0, 0, false));
        EvictionView eviction = fleet.onlyEviction();
        assertThat(eviction.orders()).extracting(OrderView::replicaId).containsExactlyInAnyOrderElementsOf(held);
        for (FleetHost host : hosts) {
            host.heartbeat(host.report(host.ordered().getFirst(), Report.Result.DELETED));
        }
        assertThat(fleet.onlyEviction().open()).isFalse();
    }

    @Test
    default void anEvictionWithHoldersLeftToDoomIsOpen() {
        Fleet fleet = Fleet.withCapacity(empty(RegistryFixture.withChunks(1, 500, 100)), 5);
        FleetHost one = fleet.host("host-1");
        FleetHost two = fleet.host("host-2");
        one.holds("a", "image-a");
        two.holds("a", "image-a");
        fleet.invalidate("a", null);
        for (FleetHost host : List.of(one, two)) {
            host.ordered().forEach(replica -> host.heartbeat(host.report(replica, Report.Result.DELETED)));
        }
        assertThat(fleet.onlyEviction().open()).as("the other holder was not doomed yet").isTrue();
    }

    @Test
    default void anythingButTheCurrentIncarnationIsFencedOffAndChangesNothing() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        Sender current = host.sender();
        List<Sender> others = List.of(
                new Sender(current.hostId(), current.storeId(), current.registryId(), current.epoch(), current.incarnation() + 1),
                new Sender(current.hostId(), current.storeId(), current.registryId(), current.epoch() + 1, current.incarnation()),
                new Sender(current.hostId(), current.storeId(), new RegistryId(new UUID(9, 9)), current.epoch(), current.incarnation()),
                new Sender(current.hostId(), new StoreId(new UUID(9, 9)), current.registryId(), current.epoch(), current.incarnation()),
                new Sender(new HostId("nobody"), current.storeId(), current.registryId(), current.epoch(), current.incarnation()));
        for (Sender other : others) {
            Registration item = FleetHost.registration(newReplicaId(), "a", "image-a", 1);
            assertThat(host.send(new RegisterRequest(other, List.of(item)))).isInstanceOfSatisfying(
                    Reply.Fenced.class,
                    fenced -> assertThat(fenced.why()).contains("expected"));
            assertThat(host.register(item)).as("its id was not used up").singleElement().isInstanceOf(Registered.class);
            fleet.invalidate("a", null);
        }
    }

    @Test
    default void touchesCountInTheOrderOfTheirUse() {
        Fleet fleet = Fleet.withCapacity(empty(), 3);
        FleetHost host = fleet.host("host-1");
        host.holds("a", "1");
        host.holds("b", "2");
        host.holds("c", "3");
        host.touch("b", "a", "gone");
        assertThat(fleet.keys()).containsExactly("c", "b", "a");
        assertThat(fleet.figures().hits()).as("with that of an entry that went before its host told of it").isEqualTo(3);
        assertThat(fleet.evictedByPutting("d")).containsExactly("c");
    }

    @Test
    default void aUseThatIsToldLateOrTwiceDoesNotOvertakeALaterUseOfItsEntry() {
        Fleet fleet = Fleet.withCapacity(empty(), 3);
        FleetHost host = fleet.host("host-1");
        host.holds("a", "1");
        host.holds("b", "2");
        host.touch(Duration.ofHours(1), "a");
        assertThat(fleet.keys()).as("a was put after that use").containsExactly("a", "b");
        host.touch(Duration.ZERO, "a");
        assertThat(fleet.keys()).containsExactly("b", "a");
        fleet.get("b");
        host.touch(Duration.ofHours(1), "a");
        assertThat(fleet.keys()).as("told again").containsExactly("a", "b");
        assertThat(fleet.figures().hits()).as("each is a hit").isEqualTo(4);
    }
}
