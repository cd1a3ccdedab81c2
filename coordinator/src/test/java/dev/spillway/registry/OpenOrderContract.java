package dev.spillway.registry;

import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.OrderCause;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.registry.RegistryQueries.OpenOrderView;
import dev.spillway.registry.RegistryQueries.OrderView;
import dev.spillway.registry.RegistryQueries.Page;
import dev.spillway.registry.RegistryQueries.RestoreWait;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.model.HostState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The open orders of a host show why an image is still there. */
public interface OpenOrderContract extends RegistryFixture {
    private static List<OpenOrderView> orders(Fleet fleet, FleetHost host) {
        Page<OpenOrderView> page = fleet.registry.queries().orders(host.id, null, 1_000);
        assertThat(page.next()).isNull();
        return page.items();
    }

    private static RestoreWait waiting(Fleet fleet) {
        return fleet.registry.queries().waiting().orElseThrow();
    }

    @Test
    default void everyOpenOrderOfAHostIsShownWhateverItIsBecauseOf() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        FleetHost other = fleet.host("host-2");
        ReplicaId evicted = host.holds("evicted", "image-1");
        other.holds("evicted", "image-1");
        ReplicaId gone = host.holds("gone", "image-2");
        ReplicaId relieved = host.holds("relieved", "image-3");
        other.holds("relieved", "image-3");
        ReplicaId orphan = Fleet.newReplicaId();
        assertThat(orders(fleet, host)).isEmpty();

        fleet.invalidate("gone", null);
        fleet.invalidate("evicted", null);
        host.orphans(10, FleetHost.orphan(orphan, "unknown", 4));
        host.orphans(10, FleetHost.orphan(orphan, "unknown", 4));
        fleet.registry.execute(new Command.Drain(host.id));
        fleet.registry.execute(new Command.Relieve(1_000));
        assertThat(host.ordered()).containsExactly(gone, evicted, orphan, relieved);
        Instant later = Instant.now().plusSeconds(600);
        host.heartbeat(
                host.report(gone, Report.Result.DELETED),
                new Report(orphan, host.id, host.storeId, Report.Result.FAILED, null, "disk on fire", 0),
                new Report(relieved, host.id, host.storeId, Report.Result.DEFERRED, later, null, 0));

        List<OpenOrderView> orders = orders(fleet, host);
        assertThat(orders).extracting(order -> order.order().replicaId()).containsExactly(evicted, orphan, relieved);
        assertThat(orders).extracting(OpenOrderView::cause)
                .containsExactly(OrderCause.INVALIDATED, OrderCause.ORPHAN, OrderCause.RELIEF);
        assertThat(orders).extracting(order -> order.name().key().value()).containsExactly("evicted", "unknown", "relieved");
        assertThat(orders).extracting(order -> order.order().hostId()).containsOnly(host.id);
        assertThat(orders.get(0)).satisfies(order -> {
            assertThat(order.evictionId()).isEqualTo(fleet.evictions().getFirst().fact().id());
            assertThat(order.orderedAt()).isEqualTo(fleet.evictions().getFirst().fact().evictedAt());
            assertThat(order.snapshotId().value()).isEqualTo("image-1");
            assertThat(order.sizeBytes()).isOne();
            assertThat(order.order()).isEqualTo(
                    fleet.evictions()
                            .getFirst()
                            .orders()
                            .stream()
                            .filter(each -> each.replicaId().equals(evicted))
                            .findFirst()
                            .orElseThrow());
            assertThat(order.order().state()).isEqualTo("OPEN");
            assertThat(order.order().attempts()).isPositive();
            assertThat(order.order().nextAttemptAt()).isNotNull();
        });
        assertThat(orders.get(1)).satisfies(order -> {
            assertThat(order.evictionId()).isNull();
            assertThat(order.generation()).isEqualTo(4);
            assertThat(order.order().lastError()).isEqualTo("FAILED: disk on fire");
        });
        assertThat(orders.get(2)).satisfies(order -> {
            assertThat(order.evictionId()).isNull();
            assertThat(order.order().state()).isEqualTo("DEFERRED");
            assertThat(order.order().deferredUntil()).isNotNull();
        });
        assertThat(orders(fleet, other)).hasSize(1);
        assertThat(fleet.registry.queries().orders(new HostId("nobody"), null, 10).items()).isEmpty();
    }

    @Test
    default void ordersArePagedWithoutAGapOrARepetitionWhileTheyAreHandedOut() {
        Fleet fleet = Fleet.withCapacity(empty(), 20);
        FleetHost host = fleet.host("host-1");
        FleetHost other = fleet.host("host-2");
        host.registerMany("a", 5);
        other.registerMany("a", 5);
        List<ReplicaId> late = new ArrayList<>();
        for (String key : List.of("x", "y")) {
            late.add(host.holds(key, "image-" + key));
        }
        fleet.registry.execute(new Command.Drain(host.id));
        assertThat(fleet.registry.execute(new Command.Relieve(1_000)).doomed()).as("of one moment").isEqualTo(5);
        // The younger id first: the order is that of the orders.
        fleet.invalidate("y", null);
        fleet.invalidate("x", null);
        List<ReplicaId> all = orders(fleet, host).stream().map(order -> order.order().replicaId()).toList();
        assertThat(all).hasSize(7).doesNotHaveDuplicates().endsWith(late.get(1), late.get(0));
        assertThat(all.subList(0, 5)).isSorted();

        List<ReplicaId> paged = new ArrayList<>();
        String after = null;
        do {
            Page<OpenOrderView> page = fleet.registry.queries().orders(host.id, after, 2);
            page.items().forEach(order -> paged.add(order.order().replicaId()));
            assertThat(paged).doesNotHaveDuplicates();
            after = page.next();
            // A sent order is due again later. All orders are due at once when their host comes back.
            if (paged.size() % 4 == 2) {
                assertThat(host.ordered()).isNotEmpty();
            } else {
                host.join();
            }
        } while (after != null);
        assertThat(paged).isEqualTo(all);
    }

    @Test
    default void aCursorThatNoPageOfOrdersGaveIsRefused() {
        Fleet fleet = new Fleet(empty());
        FleetHost host = fleet.host("host-1");
        for (String cursor : List.of("", "7", "2026-11-21T00:00:00Z,7", "yesterday," + Fleet.newReplicaId())) {
            assertThatThrownBy(() -> fleet.registry.queries().orders(host.id, cursor, 10)).isInstanceOf(InvalidValueException.class)
                    .hasMessageContaining("after: " + cursor);
        }
    }

    @Test
    default void anOrderThatWaitsSinceARestoreSaysSoAndWhomItWaitsFor() {
        Fleet fleet = Fleet.withCapacity(empty(), 10);
        assertThat(fleet.registry.queries().waiting()).isEmpty();
        FleetHost one = fleet.host("host-1");
        FleetHost two = fleet.host("host-2");
        FleetHost three = fleet.host("host-3");
        ReplicaId lower = one.holds("k", "image-1");
        long low = fleet.entry("k").generation();
        ReplicaId higher = two.holds("k", "image-2");
        long high = fleet.entry("k").generation();
        fleet.registry.execute(new Command.Restored(fleet.registry.queries().registry().epoch()));
        assertThat(waiting(fleet).hostsUnheard()).isEqualTo(3);
        assertThat(waiting(fleet).firstUnheard()).containsExactly(one.id, two.id, three.id);
        Instant restoredAt = Objects.requireNonNull(fleet.registry.queries().registry().restoredAt());
        assertThat(waiting(fleet).until()).isEqualTo(restoredAt.plus(RegistryRules.DEFAULTS.grace()));

        assertThat(one.returns(low)).isInstanceOf(JoinAnswer.Joined.class);
        ReplicaId newLower = Fleet.newReplicaId();
        ReplicaId hidden = Fleet.newReplicaId();
        one.readopt(
                true,
                FleetHost.readoption(newLower, Fleet.newReplicaId(), "fresh", "image-1", low, true),
                FleetHost.readoption(hidden, Fleet.newReplicaId(), "h", "image-h", low, false));
        assertThat(two.returns(high)).isInstanceOf(JoinAnswer.Joined.class);
        ReplicaId newHigher = Fleet.newReplicaId();
        assertThat(two.readopts(newHigher, higher, "fresh", "image-2", high, true)).isInstanceOf(ReplicaOutcome.Registered.class);
        fleet.sweep(100);

        OpenOrderView waits = orders(fleet, one).stream()
                .filter(order -> order.order().replicaId().equals(newLower))
                .findFirst()
                .orElseThrow();
        assertThat(waits.cause()).isEqualTo(OrderCause.REPLACED);
        assertThat(waits.order()).isEqualTo(new OrderView(newLower, one.id, OrderView.WAITING, 0, null, null, null, null));
        assertThat(waits.order()).as("with its eviction too")
                .isIn(fleet.evictions().stream().flatMap(eviction -> eviction.orders().stream()).toList());
        assertThat(orders(fleet, one)).filteredOn(order -> order.cause() == OrderCause.ORPHAN)
                .singleElement()
                .satisfies(order -> assertThat(order.order().isWaiting()).isTrue());
        assertThat(orders(fleet, one)).extracting(order -> order.order().replicaId() + " " + order.order().state())
                .contains(lower + " OPEN", newLower + " WAITING", hidden + " WAITING");
        assertThat(waiting(fleet)).isEqualTo(new RestoreWait(waiting(fleet).until(), 1, List.of(three.id)));
        fleet.registry.execute(new Command.Retire(three.id));
        assertThat(waiting(fleet).hostsUnheard()).isZero();
    }

    @Test
    default void anOrderWaitsNoLongerOnceAllWereHeard() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        FleetHost other = fleet.host("host-2");
        fleet.registry.execute(new Command.Restored(fleet.registry.queries().registry().epoch()));
        assertThat(host.returns(0)).isInstanceOf(JoinAnswer.Joined.class);
        host.readopt(true, FleetHost.readoption(Fleet.newReplicaId(), Fleet.newReplicaId(), "h", "image-h", 1, false));
        fleet.sweep(100);
        assertThat(orders(fleet, host)).extracting(order -> order.order().state()).containsExactly(OrderView.WAITING);
        fleet.registry.execute(new Command.Retire(other.id));
        fleet.sweep(100);
        assertThat(orders(fleet, host)).singleElement().satisfies(order -> {
            assertThat(order.order().state()).isEqualTo("OPEN");
            assertThat(order.order().nextAttemptAt()).isNotNull();
            assertThat(order.order().lastError()).isNull();
        });
    }

    @Test
    default void hostsAreCountedByTheStateThatPeopleSee() {
        Fleet fleet = new Fleet(empty(AT_ONCE));
        assertThat(fleet.registry.queries().hostsByState()).isEmpty();
        List<FleetHost> hosts = List.of(fleet.host("host-1"), fleet.host("host-2"), fleet.host("host-3"), fleet.host("host-4"));
        fleet.registry.execute(new Command.Drain(hosts.get(0).id));
        fleet.registry.execute(new Command.Drain(hosts.get(1).id));
        fleet.sweep(10);
        hosts.get(0).heartbeat();
        hosts.get(2).heartbeat();
        fleet.registry.execute(new Command.Retire(hosts.get(3).id));
        assertThat(fleet.registry.queries().hostsByState())
                .isEqualTo(Map.of(HostState.DRAINING, 1L, HostState.AWAY, 1L, HostState.ACTIVE, 1L, HostState.RETIRED, 1L));
    }
}
