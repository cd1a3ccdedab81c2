package dev.spillway.registry;

import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.Order;
import dev.spillway.events.OrderCause;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.HeartbeatAnswer;
import dev.spillway.registry.RegistryQueries.HostView;
import dev.spillway.registry.RegistryQueries.OrderView;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.model.AddressedOrder;
import dev.spillway.registry.store.Changes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

import static dev.spillway.registry.RegistryFixture.withOrderRetry;
import static org.assertj.core.api.Assertions.assertThat;

/** Orders and facts: handed out, handed out again while unconfirmed, closed by reports. */
public interface OrderContract extends RegistryFixture {
    private OrderView orderOf(Fleet fleet, ReplicaId replica) {
        return fleet.evictions()
                .stream()
                .flatMap(eviction -> eviction.orders().stream())
                .filter(order -> order.replicaId().equals(replica))
                .findFirst()
                .orElseThrow();
    }

    @Test
    default void aClaimedOrderIsNotHandedOutAgainBeforeItsInterval() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        ReplicaId replica = host.holds("a", "image-a");
        fleet.invalidate("a", null);
        List<AddressedOrder> orders = fleet.claimOrders();
        assertThat(orders).singleElement().satisfies(addressed -> {
            assertThat(addressed.partition()).isZero();
            assertThat(addressed.order().replicaId()).isEqualTo(replica);
            assertThat(addressed.order().hostId()).isEqualTo(host.id);
            assertThat(addressed.order().storeId()).isEqualTo(host.storeId);
            assertThat(addressed.order().name()).isEqualTo(Fleet.name("a"));
            assertThat(addressed.order().cause()).isEqualTo(OrderCause.INVALIDATED);
            assertThat(addressed.order().attempt()).isOne();
        });
        assertThat(fleet.claimOrders()).isEmpty();
        assertThat(host.ordered()).isEmpty();
    }

    @Test
    default void anUnconfirmedOrderIsHandedOutAgainWithItsAttemptsCounted() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 5);
        fleet.host("host-1").holds("a", "image-a");
        fleet.invalidate("a", null);
        for (int attempt = 1; attempt <= 3; attempt++) {
            assertThat(fleet.claimOrders()).singleElement().extracting(addressed -> addressed.order().attempt()).isEqualTo(attempt);
        }
    }

    @Test
    default void theIntervalDoublesUpToItsBound() {
        Fleet fleet = Fleet.withCapacity(empty(withOrderRetry(Duration.ofHours(10), Duration.ofHours(25))), 5);
        ReplicaId replica = fleet.host("host-1").holds("a", "image-a");
        fleet.invalidate("a", null);
        List<Integer> hours = new ArrayList<>();
        for (int attempt = 0; attempt < 4; attempt++) {
            Instant doomedAt = fleet.claimOrders().getFirst().order().doomedAt();
            hours.add((int) Duration.between(doomedAt, Objects.requireNonNull(orderOf(fleet, replica).nextAttemptAt())).toHours());
            fleet.registry.execute(new Command.ReturnOrders(List.of(replica)));
        }
        // Each is moved by up to a fifth either way.
        assertThat(hours.get(0)).isBetween(8, 12);
        assertThat(hours.get(1)).isBetween(16, 24);
        assertThat(hours.get(2)).isBetween(20, 30);
        assertThat(hours.get(3)).isBetween(20, 30);
    }

    @Test
    default void whatWasHandedOutTwiceInVainGoesWithTheHeartbeatBeforeWhoeverPublishes() {
        Fleet fleet = Fleet.withCapacity(empty(withOrderRetry(Duration.ofSeconds(4), Duration.ofMinutes(10))), 5);
        FleetHost host = fleet.host("host-1");
        ReplicaId silent = host.holds("a", "1");
        ReplicaId failed = host.holds("b", "2");
        ReplicaId once = host.holds("c", "3");
        fleet.invalidate("a", null);
        fleet.invalidate("b", null);
        fleet.invalidate("c", null);
        assertThat(fleet.claimOrders()).hasSize(3);
        assertThat(host.heartbeat().orders()).as("Kafka has them, and has the time that it usually takes").isEmpty();
        fleet.registry.execute(new Command.ReturnOrders(List.of(silent, failed)));
        assertThat(fleet.claimOrders()).hasSize(2);
        fleet.report(new Report(failed, host.id, host.storeId, Report.Result.FAILED, null, "read-only file system", 0));

        assertThat(host.heartbeat().orders()).as("before they are due again, whatever was said of them")
                .allSatisfy(order -> assertThat(order.attempt()).isEqualTo(3))
                .extracting(Order::replicaId)
                .containsExactlyInAnyOrder(silent, failed)
                .doesNotContain(once);
        assertThat(host.heartbeat().orders()).as("as often as it doubles").isEmpty();
    }

    @Test
    default void ordersThatCouldNotBeSentAreDueAtOnce() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        List<ReplicaId> held = List.of(host.holds("a", "1"), host.holds("b", "2"));
        fleet.invalidate("a", null);
        fleet.invalidate("b", null);
        assertThat(fleet.claimOrders()).hasSize(2);
        fleet.registry.execute(new Command.ReturnOrders(List.of(held.getFirst(), Fleet.newReplicaId())));
        assertThat(fleet.claimOrders()).extracting(addressed -> addressed.order().replicaId()).containsExactly(held.getFirst());
    }

    @Test
    default void aClaimTakesNoMoreThanItsLimitMostOverdueFirst() {
        Fleet fleet = Fleet.withCapacity(empty(), 9);
        FleetHost one = fleet.host("host-1");
        FleetHost two = fleet.host("host-2");
        List<ReplicaId> held = IntStream.range(0, 6).mapToObj(i -> (i % 2 == 0 ? one : two).holds("k" + i, "image-" + i)).toList();
        for (int i = 5; i >= 0; i--) {
            fleet.invalidate("k" + i, null);
        }
        assertThat(fleet.registry.execute(new Command.ClaimOrders(4))).extracting(addressed -> addressed.order().replicaId())
                .containsExactly(held.get(5), held.get(4), held.get(3), held.get(2));
        assertThat(fleet.registry.execute(new Command.ClaimOrders(4))).extracting(addressed -> addressed.order().replicaId())
                .containsExactly(held.get(1), held.get(0));
    }

    @Test
    default void deletedAndAbsentCloseAnOrder() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 5);
        FleetHost host = fleet.host("host-1");
        ReplicaId deleted = host.holds("a", "1");
        ReplicaId absent = host.holds("b", "2");
        fleet.invalidate("a", null);
        fleet.invalidate("b", null);
        fleet.report(host.report(deleted, Report.Result.DELETED), host.report(absent, Report.Result.ABSENT));
        assertThat(orderOf(fleet, deleted)).satisfies(order -> {
            assertThat(order.state()).isEqualTo("DELETED");
            assertThat(order.closedAt()).isNotNull();
        });
        assertThat(orderOf(fleet, absent).state()).isEqualTo("ABSENT");
        assertThat(fleet.claimOrders()).isEmpty();
        assertThat(fleet.evictions()).allSatisfy(eviction -> assertThat(eviction.open()).isFalse());
        assertThat(fleet.registry.queries().openOrders().count()).isZero();
    }

    @Test
    default void aRepeatedReportIsAcknowledgedAndChangesNothing() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        ReplicaId replica = host.holds("a", "1");
        fleet.invalidate("a", null);
        Report deleted = host.report(replica, Report.Result.DELETED);
        fleet.report(deleted);
        HeartbeatAnswer answer = host.heartbeat(deleted, host.report(replica, Report.Result.ABSENT));
        assertThat(answer.acknowledged()).containsExactly(replica);
        assertThat(orderOf(fleet, replica).state()).isEqualTo("DELETED");
    }

    @Test
    default void aReportOfAnUnknownReplicaIsAcknowledged() {
        Fleet fleet = new Fleet(empty());
        FleetHost host = fleet.host("host-1");
        ReplicaId unknown = Fleet.newReplicaId();
        assertThat(host.heartbeat(host.report(unknown, Report.Result.ABSENT)).acknowledged()).containsExactly(unknown);
    }

    @Test
    default void aDeferredOrderStaysOpenUntilItsHoldEnds() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 5);
        FleetHost host = fleet.host("host-1");
        ReplicaId replica = host.holds("a", "1");
        fleet.invalidate("a", null);
        Instant until = fleet.onlyEviction().fact().evictedAt().plus(Duration.ofMinutes(10));
        HeartbeatAnswer answer =
                host.heartbeat(new Report(replica, host.id, host.storeId, Report.Result.DEFERRED, until, null, 0));
        assertThat(answer.acknowledged()).isEmpty();
        assertThat(answer.orders()).isEmpty();
        assertThat(orderOf(fleet, replica)).satisfies(order -> {
            assertThat(order.state()).isEqualTo("DEFERRED");
            assertThat(order.deferredUntil()).isEqualTo(until);
            assertThat(order.nextAttemptAt()).isEqualTo(until);
        });
        fleet.report(new Report(replica, host.id, host.storeId, Report.Result.DEFERRED, Instant.parse("2999-01-01T00:00:00Z"), null, 0));
        assertThat(orderOf(fleet, replica).nextAttemptAt()).as("bounded, whatever the host's clock says")
                .isBefore(until.plus(Duration.ofHours(2)));
        fleet.report(new Report(replica, host.id, host.storeId, Report.Result.DEFERRED, Instant.parse("1970-01-01T00:00:00Z"), null, 0));
        assertThat(host.heartbeat().orders()).as("due at once, where the host's clock is years behind").hasSize(1);
        fleet.report(host.report(replica, Report.Result.DELETED));
        assertThat(fleet.onlyEviction().open()).isFalse();
    }

    @Test
    default void aFailureStaysVisibleAndIsTriedAgain() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 5);
        FleetHost host = fleet.host("host-1");
        ReplicaId replica = host.holds("a", "1");
        fleet.invalidate("a", null);
        fleet.claimOrders();
        fleet.report(new Report(replica, host.id, host.storeId, Report.Result.FAILED, null, "read-only file system", 0));
        assertThat(orderOf(fleet, replica)).satisfies(order -> {
            assertThat(order.state()).isEqualTo("OPEN");
            assertThat(order.lastError()).contains("read-only file system");
        });
        assertThat(fleet.claimOrders()).hasSize(1);
    }

    @Test
    default void aHostThatCannotDeleteForAMinuteSaysWhy() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        ReplicaId silent = host.holds("a", "1");
        ReplicaId failed = host.holds("b", "2");
        fleet.invalidate("a", null);
        fleet.invalidate("b", null);
        fleet.claimOrders();
        fleet.report(new Report(failed, host.id, host.storeId, Report.Result.FAILED, null, "read-only file system", 0));
        assertThat(host(fleet, host).failing()).as("for less than a minute").isNull();
        pass(Duration.ofMinutes(2));
        assertThat(host(fleet, host).failing()).isEqualTo("FAILED: read-only file system");
        fleet.report(host.report(failed, Report.Result.DELETED));
        assertThat(host(fleet, host)).as("an order without a failure").satisfies(left -> {
            assertThat(left.openOrders()).isOne();
            assertThat(left.failing()).isNull();
        });
        fleet.report(host.report(silent, Report.Result.DELETED));
    }

    private static HostView host(Fleet fleet, FleetHost host) {
        return fleet.registry.queries().host(host.id).orElseThrow();
    }

    @Test
    default void aReportOfAnotherHostOrStoreIsIgnored() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        FleetHost other = fleet.host("host-2");
        ReplicaId replica = host.holds("a", "1");
        fleet.invalidate("a", null);
        fleet.report(
                other.report(replica, Report.Result.DELETED),
                new Report(replica, host.id, new StoreId(new UUID(3, 3)), Report.Result.DELETED, null, null, 0));
        assertThat(other.heartbeat(host.report(replica, Report.Result.DELETED)).acknowledged()).as("in another's name").isEmpty();
        assertThat(fleet.onlyEviction().open()).isTrue();
    }

    @Test
    default void aReportDoesNotCloseWhatIsWanted() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        ReplicaId replica = host.holds("a", "1");
        fleet.report(host.report(replica, Report.Result.DELETED));
        assertThat(fleet.entry("a").replicas()).extracting(held -> held.replicaId()).containsExactly(replica);
    }

    @Test
    default void factsAreHandedOutUntilTheyArePublished() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 1);
        fleet.put("a", "1");
        fleet.put("b", "2");
        fleet.put("c", "3");
        List<EvictionFact> facts = fleet.claimFacts();
        assertThat(facts).extracting(fact -> fact.key().value()).containsExactly("a", "b");
        assertThat(fleet.claimFacts()).as("not known to be published").hasSize(2);
        fleet.registry.execute(new Command.FactsPublished(List.of(facts.getFirst().id(), new EvictionId(new UUID(1, 1)))));
        assertThat(fleet.claimFacts()).containsExactly(facts.get(1));
        fleet.registry.execute(new Command.FactsPublished(List.of(facts.get(1).id())));
        assertThat(fleet.claimFacts()).isEmpty();
    }

    @Test
    default void claimedFactsWaitForTheirIntervalAndALimitHolds() {
        Fleet fleet = Fleet.withCapacity(empty(), 1);
        for (int i = 0; i < 4; i++) {
            fleet.put("k" + i, "image-" + i);
        }
        assertThat(fleet.registry.execute(new Command.ClaimFacts(2))).extracting(fact -> fact.key().value()).containsExactly("k0", "k1");
        assertThat(fleet.registry.execute(new Command.ClaimFacts(2))).extracting(fact -> fact.key().value()).containsExactly("k2");
        assertThat(fleet.claimFacts()).isEmpty();
    }

    @Test
    default void publishersAreWokenAfterTheCommitThatLeavesThemWork() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        host.holds("a", "1");
        List<Changes.Wake> wakes = new ArrayList<>();
        fleet.registry.onCommit(wake -> {
            wakes.add(wake);
            assertThat(fleet.registry.queries().openOrders().count()).as("what it was woken for is committed").isOne();
        });
        fleet.invalidate("a", null);
        assertThat(wakes).containsExactly(new Changes.Wake(true, true, true, false));
    }
}
