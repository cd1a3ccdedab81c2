package dev.spillway.registry;

import dev.spillway.events.EvictionCause;
import dev.spillway.events.Order;
import dev.spillway.events.OrderCause;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.protocol.DiscrepancyAnswer;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.DiscrepancyRequest.Orphan;
import dev.spillway.events.protocol.ReconcileAnswer;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.registry.model.Sighting;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

import static dev.spillway.registry.Fleet.newReplicaId;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Reconciliation removes the differences between a host and its rows: ghosts and orphans, each after its grace period and a second reconciliation.
 */
public interface ReconcileContract extends RegistryFixture {
    private static DiscrepancyAnswer waiting(long count) {
        return new DiscrepancyAnswer(count, 0, 0);
    }

    private static DiscrepancyAnswer settled(long count) {
        return new DiscrepancyAnswer(0, count, 0);
    }

    @Test
    default void aHostReadsItsOpenRowsInPages() {
        Fleet fleet = Fleet.withCapacity(empty(RegistryFixture.withChunks(1_000, 500, 2)), 10);
        FleetHost host = fleet.host("host-1");
        List<ReplicaId> held = new ArrayList<>(IntStream.range(0, 5).mapToObj(i -> host.holds("k" + i, "image-" + i)).toList());
        fleet.host("host-2").holds("k0", "image-0");
        fleet.invalidate("k3", null);
        List<ReplicaId> read = new ArrayList<>();
        ReconcileAnswer page = host.rows(null);
        while (!page.last()) {
            assertThat(page.rows()).hasSize(2);
            read.addAll(page.rows());
            page = host.rows(page.rows().getLast());
        }
        read.addAll(page.rows());
        held.sort(null);
        assertThat(read).isEqualTo(held);
    }

    @Test
    default void aGhostIsClosedAtTheSecondLook() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        ReplicaId ghost = host.holds("a", "image-a");
        assertThat(host.ghosts(0, ghost)).isEqualTo(waiting(1));
        assertThat(fleet.keys()).containsExactly("a");
        assertThat(host.ghosts(0, ghost)).isEqualTo(settled(1));
        assertThat(fleet.keys()).isEmpty();
        assertThat(fleet.onlyEviction().fact().cause()).isEqualTo(EvictionCause.LOST);
        assertThat(host.rows(null).rows()).isEmpty();
    }

    @Test
    default void whatAnotherHostHasIsNoGhost() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 5);
        ReplicaId replica = fleet.host("host-1").holds("a", "image-a");
        assertThat(fleet.host("host-2").ghosts(0, replica)).isEqualTo(new DiscrepancyAnswer(0, 0, 0));
        assertThat(fleet.holders("a")).containsExactly(replica);
    }

    @Test
    default void aGhostIsLeftAloneDuringItsGracePeriod() {
        Fleet fleet = Fleet.withCapacity(empty(), 10);
        FleetHost host = fleet.host("host-1");
        ReplicaId ghost = host.holds("a", "image-a");
        for (int look = 0; look < 4; look++) {
            assertThat(host.ghosts(0, ghost)).isEqualTo(waiting(1));
        }
        assertThat(fleet.keys()).containsExactly("a");
    }

    @Test
    default void whatIsSeenAgainIsNoGhostAndItsLooksBeginAnew() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        ReplicaId replica = host.holds("a", "image-a");
        host.ghosts(1, replica);
        host.ghosts(1);
        assertThat(host.ghosts(1, replica)).isEqualTo(waiting(1));
        assertThat(fleet.keys()).containsExactly("a");
    }

    @Test
    default void aDoomedGhostIsAbsent() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        ReplicaId ghost = host.holds("a", "image-a");
        fleet.invalidate("a", null);
        host.ghosts(0, ghost);
        host.ghosts(0, ghost);
        assertThat(fleet.onlyEviction().orders()).singleElement().extracting(order -> order.state()).isEqualTo("ABSENT");
        assertThat(fleet.evictions()).hasSize(1);
    }

    @Test
    default void anOrphanIsOrderedAwayAtTheSecondLook() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        ReplicaId orphan = newReplicaId();
        Orphan seen = FleetHost.orphan(orphan, "a", 77);
        assertThat(host.orphans(9, seen)).isEqualTo(waiting(1));
        assertThat(fleet.registry.queries().discrepancies()).isEqualTo(Map.of(Sighting.Kind.ORPHAN, 1L));
        assertThat(host.heartbeat().orders()).isEmpty();
        assertThat(host.orphans(9, seen)).isEqualTo(settled(1));
        assertThat(fleet.registry.queries().discrepancies()).isEmpty();
        assertThat(host.heartbeat().orders()).singleElement().satisfies(order -> {
            assertThat(order.replicaId()).isEqualTo(orphan);
            assertThat(order.cause()).isEqualTo(OrderCause.ORPHAN);
            assertThat(order.evictionId()).isNull();
            assertThat(order.generation()).isEqualTo(77);
        });
        assertThat(host.register(orphan, "a", "image-a")).as("its late registration finds the row that dooms it")
                .isInstanceOf(ReplicaOutcome.Registered.class);
        assertThat(fleet.keys()).isEmpty();
        host.heartbeat(host.report(orphan, Report.Result.DELETED));
        assertThat(host.register(orphan, "a", "image-a")).isEqualTo(new ReplicaOutcome.Ended(orphan));
        assertThat(host.rows(null).rows()).isEmpty();
    }

    @Test
    default void anOrphanIsLeftAloneDuringItsGracePeriod() {
        Fleet fleet = Fleet.withCapacity(empty(), 10);
        FleetHost host = fleet.host("host-1");
        Orphan seen = FleetHost.orphan(newReplicaId(), "a", 1);
        for (int look = 0; look < 4; look++) {
            assertThat(host.orphans(9, seen)).isEqualTo(waiting(1));
        }
        assertThat(host.heartbeat().orders()).isEmpty();
    }

    @Test
    default void whatWasRegisteredMeanwhileIsNoOrphan() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        ReplicaId pending = newReplicaId();
        host.orphans(9, FleetHost.orphan(pending, "a", 1));
        host.register(pending, "a", "image-a");
        assertThat(host.orphans(9, FleetHost.orphan(pending, "a", 1))).isEqualTo(settled(0));
        assertThat(host.heartbeat().orders()).isEmpty();
        assertThat(fleet.keys()).containsExactly("a");
    }

    @Test
    default void whatAnOrderAlreadyNamesIsNoOrphan() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        ReplicaId replica = host.holds("a", "image-a");
        fleet.invalidate("a", null);
        host.orphans(9, FleetHost.orphan(replica, "a", 1));
        assertThat(host.orphans(9, FleetHost.orphan(replica, "a", 1))).isEqualTo(settled(0));
        assertThat(host.heartbeat().orders()).singleElement().extracting(Order::cause).isEqualTo(OrderCause.INVALIDATED);
    }

    @Test
    default void tooManyGhostsWaitForAPerson() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        ReplicaId[] held = IntStream.range(0, 4).mapToObj(i -> host.holds("k" + i, "image-" + i)).toArray(ReplicaId[]::new);
        host.ghosts(1, held[0], held[1], held[2]);
        assertThat(host.ghosts(1, held[0], held[1], held[2])).isEqualTo(new DiscrepancyAnswer(0, 0, 3));
        assertThat(fleet.keys()).hasSize(4);
        assertThat(Objects.requireNonNull(fleet.registry.queries().host(host.id).orElseThrow().row().attention())).contains("3 replicas");
    }

    @Test
    default void ghostsThatAreNotNamedCountToo() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 20);
        FleetHost host = fleet.host("host-1");
        List<ReplicaId> held = IntStream.range(0, 10).mapToObj(i -> host.holds("k" + i, "image-" + i)).toList();
        DiscrepancyRequest named = new DiscrepancyRequest(host.sender(), held.subList(0, 2), List.of(), 4, 4, 0);
        host.send(named);
        assertThat(FleetHost.accepted(host.send(named))).isEqualTo(new DiscrepancyAnswer(0, 0, 2));
        assertThat(fleet.keys()).hasSize(10);
        assertThat(FleetHost.accepted(host.send(new DiscrepancyRequest(host.sender(), held.subList(0, 2), List.of(), 4, 2, 0))))
                .isEqualTo(new DiscrepancyAnswer(0, 2, 0));
    }

    @Test
    default void tooManyOrphansWaitForAPerson() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        Orphan[] seen = IntStream.range(0, 3).mapToObj(i -> FleetHost.orphan(newReplicaId(), "k" + i, 1)).toArray(Orphan[]::new);
        host.orphans(4, seen);
        assertThat(host.orphans(4, seen)).isEqualTo(new DiscrepancyAnswer(0, 0, 3));
        assertThat(host.heartbeat().orders()).isEmpty();
        assertThat(fleet.registry.queries().host(host.id).orElseThrow().row().attention()).isNotNull();
        assertThat(FleetHost.accepted(host.send(new DiscrepancyRequest(host.sender(), List.of(), List.of(seen), 100, 0, 48))))
                .as("with those that are not named")
                .isEqualTo(new DiscrepancyAnswer(0, 0, 3));
        assertThat(host.orphans(100, seen)).as("a small share of a large inventory").isEqualTo(settled(3));
        assertThat(fleet.registry.queries().host(host.id).orElseThrow().row().attention()).isNull();
    }
}
