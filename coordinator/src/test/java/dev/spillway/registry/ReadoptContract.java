package dev.spillway.registry;

import dev.spillway.events.ContentDigest;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.GroupName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.Readoption;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.registry.RegistryQueries.OrderView;
import dev.spillway.registry.model.Written;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Hosts bring back images to a registry whose database was restored from an older state. */
interface ReadoptContract extends RegistryFixture {
    @Test
    default void aRowThatTheBackupHasGoesOnUnderItsNewIdAndTheOldOneIsNeverRegisteredAgain() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        ReplicaId former = host.holds("a", "image-a");
        long generation = fleet.entry("a").generation();
        Backup backup = backUp(fleet.registry);
        backup.restore();
        fleet.restored();
        host.comesToReadopt(generation);
        ReplicaId next = Fleet.newReplicaId();
        assertThat(host.readopts(next, former, "a", "image-a", generation, true)).isInstanceOf(ReplicaOutcome.Registered.class);
        assertThat(fleet.holders("a")).containsExactly(next);
        assertThat(host.rows(null).rows()).containsExactly(next);
        assertThat(host.register(former, "a", "image-other")).isEqualTo(new ReplicaOutcome.Ended(former));
        assertThat(fleet.evictions()).isEmpty();
        assertThat(host.readopts(next, former, "a", "image-a", generation, true)).as("the message twice")
                .isInstanceOf(ReplicaOutcome.Registered.class);
        assertThat(host.rows(null).rows()).containsExactly(next);
    }

    @Test
    default void aHostReadoptsNothingOfAnother() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        ReplicaId replica = fleet.host("host-1").holds("a", "image-a");
        FleetHost other = fleet.host("host-2");
        long generation = fleet.entry("a").generation();
        fleet.restored();
        other.comesToReadopt(generation);
        assertThat(other.readopts(replica, Fleet.newReplicaId(), "a", "image-a", generation, false))
                .isEqualTo(new ReplicaOutcome.Ended(replica));
        other.readopts(Fleet.newReplicaId(), replica, "b", "image-b", generation, true);
        assertThat(fleet.holders("a")).containsExactly(replica);
    }

    @Test
    default void anIdThatWasCancelledIsNotTakenBackByALateMessage() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        ReplicaId former = host.holds("a", "image-a");
        long generation = fleet.entry("a").generation();
        fleet.restored();
        host.comesToReadopt(generation);
        ReplicaId next = Fleet.newReplicaId();
        host.drop(DropRequest.Reason.CANCELLED, next);
        assertThat(host.readopts(next, former, "a", "image-a", generation, false)).isEqualTo(new ReplicaOutcome.Ended(next));
    }

    @Test
    default void anArtifactThatComesBackKeepsItsContentAndItsGroup() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        Backup backup = backUp(fleet.registry);
        ReplicaId former = host.holds("k", "image-1");
        long generation = fleet.entry("k").generation();
        backup.restore();
        fleet.restored();
        host.comesToReadopt(generation);
        ContentDigest content = new ContentDigest("a".repeat(64));
        GroupName group = new GroupName("build-1");
        Readoption plain = FleetHost.readoption(Fleet.newReplicaId(), former, "k", "image-1", generation, true);
        host.readopt(
                true,
                new Readoption(
                        plain.replicaId(),
                        former,
                        plain.namespace(),
                        plain.key(),
                        plain.snapshotId(),
                        generation,
                        1,
                        plain.description(),
                        true,
                        content,
                        group));
        assertThat(fleet.entry("k").written()).isEqualTo(new Written(content, null, group));
    }

    @Test
    default void ofTwoGenerationsTheHighestIsTheEntryWhicheverComesFirst() {
        for (boolean highestFirst : new boolean[]{true, false}) {
            Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
            FleetHost one = fleet.host("host-1");
            FleetHost two = fleet.host("host-2");
            FleetHost oldest = fleet.host("host-3");
            ReplicaId inBackup = oldest.holds("k", "image-0");
            long lowest = fleet.entry("k").generation();
            Backup backup = backUp(fleet.registry);
            ReplicaId lower = one.holds("k", "image-1");
            long low = fleet.entry("k").generation();
            ReplicaId higher = two.holds("k", "image-2");
            long high = fleet.entry("k").generation();
            backup.restore();
            fleet.restored();

            ReplicaId newLower = Fleet.newReplicaId();
            ReplicaId newHigher = Fleet.newReplicaId();
            List<Runnable> comings = List.of(() -> {
                two.comesToReadopt(high);
                assertThat(two.readopts(newHigher, higher, "k", "image-2", high, true)).isInstanceOf(ReplicaOutcome.Registered.class);
            }, () -> {
                one.comesToReadopt(low);
                assertThat(one.readopts(newLower, lower, "k", "image-1", low, true))
                        .isInstanceOf(highestFirst ? ReplicaOutcome.Superseded.class : ReplicaOutcome.Registered.class);
            });
            (highestFirst ? comings : comings.reversed()).forEach(Runnable::run);

            assertThat(fleet.entry("k").generation()).isEqualTo(high);
            assertThat(fleet.entry("k").snapshotId().value()).isEqualTo("image-2");
            assertThat(fleet.holders("k")).containsExactly(newHigher);
            fleet.sweep(100);
            assertThat(one.ordered()).as("host-3 was not heard yet").isEmpty();
            assertThat(two.ordered()).isEmpty();
            assertThat(one.returns(low)).isInstanceOf(JoinAnswer.Joined.class);
            assertThat(one.ordered()).as("a join makes no waiting order due").isEmpty();

            oldest.comesToReadopt(lowest);
            ReplicaId newOldest = Fleet.newReplicaId();
            assertThat(oldest.readopts(newOldest, inBackup, "k", "image-0", lowest, true)).isInstanceOf(ReplicaOutcome.Superseded.class);
            fleet.sweep(100);
            assertThat(one.ordered()).containsExactly(newLower);
            assertThat(oldest.ordered()).containsExactly(newOldest);
            assertThat(two.ordered()).isEmpty();
            one.heartbeat(one.report(newLower, Report.Result.DELETED));
            oldest.heartbeat(oldest.report(newOldest, Report.Result.DELETED));
            assertThat(one.rows(null).rows()).isEmpty();
            assertThat(oldest.rows(null).rows()).isEmpty();
            assertThat(two.rows(null).rows()).containsExactly(newHigher);
        }
    }

    @Test
    default void anOrderThatTheBackupHasGoesOnForTheNewId() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        ReplicaId former = host.holds("a", "image-a");
        long generation = fleet.entry("a").generation();
        fleet.invalidate("a", null);
        Backup backup = backUp(fleet.registry);
        backup.restore();
        fleet.restored();
        host.comesToReadopt(generation);
        ReplicaId next = Fleet.newReplicaId();
        assertThat(host.readopts(next, former, "a", "image-a", generation, true)).isInstanceOf(ReplicaOutcome.Superseded.class);
        assertThat(fleet.keys()).isEmpty();
        assertThat(host.ordered()).containsExactly(next);
        host.heartbeat(host.report(next, Report.Result.DELETED));
        assertThat(fleet.onlyEviction().open()).isFalse();
        assertThat(fleet.onlyEviction().orders()).extracting(OrderView::state).containsExactlyInAnyOrder("READOPTED", "DELETED");
    }

    @Test
    default void anEntryWhoseLastHolderServesItNoMoreIsLost() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        ReplicaId former = host.holds("a", "image-a");
        long generation = fleet.entry("a").generation();
        Backup backup = backUp(fleet.registry);
        backup.restore();
        fleet.restored();
        host.comesToReadopt(generation);
        ReplicaId next = Fleet.newReplicaId();
        assertThat(host.readopt(true, FleetHost.readoption(next, former, "a", "image-a", generation, false)))
                .allMatch(ReplicaOutcome.Superseded.class::isInstance);
        assertThat(fleet.keys()).isEmpty();
        assertThat(fleet.onlyEviction().fact().cause()).isEqualTo(EvictionCause.LOST);
        assertThat(host.rows(null).rows()).as("its order is open").containsExactly(next);
    }

    @Test
    default void whatWasEvictedSinceTheRestoreIsNotBroughtBackHoweverLate() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost one = fleet.host("host-1");
        FleetHost late = fleet.host("host-2");
        Backup backup = backUp(fleet.registry);
        ReplicaId ofOne = one.holds("k", "image-k");
        long generation = fleet.entry("k").generation();
        ReplicaId ofLate = Fleet.newReplicaId();
        late.attach(ofLate, "k", generation);
        ReplicaId older = late.holds("j", "image-j1");
        long low = fleet.entry("j").generation();
        one.holds("j", "image-j2");
        long seen = fleet.entry("j").generation();
        backup.restore();
        fleet.restored();
        one.comesToReadopt(seen);
        one.readopts(Fleet.newReplicaId(), ofOne, "k", "image-k", generation, true);
        fleet.invalidate("k", null);
        fleet.put("j", "image-j3");
        fleet.invalidate("j", null);

        late.comesToReadopt(seen);
        ReplicaId next = Fleet.newReplicaId();
        ReplicaId nextOlder = Fleet.newReplicaId();
        assertThat(
                late.readopt(
                        true,
                        FleetHost.readoption(next, ofLate, "k", "image-k", generation, true),
                        FleetHost.readoption(nextOlder, older, "j", "image-j1", low, true)))
                .allMatch(ReplicaOutcome.Superseded.class::isInstance);
        assertThat(fleet.keys()).isEmpty();
        assertThat(late.ordered()).containsExactlyInAnyOrder(next, nextOlder);
        assertThat(
                fleet.evictions()
                        .stream()
                        .filter(eviction -> eviction.fact().generation() == generation)
                        .findFirst()
                        .orElseThrow()
                        .orders())
                .as("the deletion of k names the late copy too")
                .extracting(OrderView::replicaId)
                .contains(next);
    }

    @Test
    default void whatOnlyHostsThatWereHeardHadLostComesBackWithOneThatHasIt() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost one = fleet.host("host-1");
        FleetHost away = fleet.host("host-2");
        one.holds("k", "image-k");
        long generation = fleet.entry("k").generation();
        Backup backup = backUp(fleet.registry);
        ReplicaId copy = Fleet.newReplicaId();
        away.attach(copy, "k", generation);
        backup.restore();
        fleet.restored();
        one.comesToReadopt(generation);
        one.readopt(true);
        List<ReplicaId> gone = one.rows(null).rows();
        one.discrepancies(gone, List.of(), 0);
        one.discrepancies(gone, List.of(), 0);
        assertThat(fleet.onlyEviction().fact().cause()).isEqualTo(EvictionCause.LOST);

        away.comesToReadopt(generation);
        assertThat(away.readopts(Fleet.newReplicaId(), copy, "k", "image-k", generation, true))
                .isInstanceOf(ReplicaOutcome.Registered.class);
        assertThat(fleet.entry("k").generation()).isEqualTo(generation);
    }

    @Test
    default void whatWasEvictedBetweenBackupAndCrashComesBackAndCapacityIsBroughtBackByTheSweep() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 2);
        FleetHost host = fleet.host("host-1");
        ReplicaId a = host.holds("a", "image-a");
        ReplicaId b = host.holds("b", "image-b");
        long generationA = fleet.entry("a").generation();
        long generationB = fleet.entry("b").generation();
        Backup backup = backUp(fleet.registry);
        ReplicaId c = host.holds("c", "image-c");
        ReplicaId d = host.holds("d", "image-d");
        long generationC = fleet.entry("c").generation();
        long generationD = fleet.entry("d").generation();
        assertThat(fleet.keys()).containsExactly("c", "d");
        backup.restore();
        assertThat(fleet.keys()).as("an entry that was evicted is back").containsExactly("a", "b");
        fleet.restored();
        host.comesToReadopt(generationD);
        host.readopt(
                true,
                FleetHost.readoption(Fleet.newReplicaId(), a, "a", "image-a", generationA, true),
                FleetHost.readoption(Fleet.newReplicaId(), b, "b", "image-b", generationB, true),
                FleetHost.readoption(Fleet.newReplicaId(), c, "c", "image-c", generationC, true),
                FleetHost.readoption(Fleet.newReplicaId(), d, "d", "image-d", generationD, true));
        assertThat(fleet.keys()).as("nothing goes while hosts tell").containsExactly("a", "b", "c", "d");
        while (fleet.expire(100).more()) {
            // The next step.
        }
        assertThat(fleet.keys()).containsExactly("c", "d");
        assertThat(fleet.evictions()).extracting(eviction -> eviction.fact().cause()).containsOnly(EvictionCause.CAPACITY);
    }

    @Test
    default void imagesOfANamespaceThatIsNotInTheBackupAreRefusedAndTakenOnceItIsThere() {
        Fleet fleet = new Fleet(empty(AT_ONCE));
        FleetHost host = fleet.host("host-1");
        Backup backup = backUp(fleet.registry);
        fleet.namespace(Fleet.NS, 10L);
        ReplicaId former = host.holds("a", "image-a");
        long generation = fleet.entry("a").generation();
        backup.restore();
        fleet.restored();
        host.comesToReadopt(generation);
        ReplicaId next = Fleet.newReplicaId();
        assertThat(host.readopts(next, former, "a", "image-a", generation, true))
                .isInstanceOfSatisfying(
                        ReplicaOutcome.Refused.class,
                        refused -> assertThat(refused.reason()).isEqualTo(ReplicaOutcome.Reason.UNKNOWN_NAMESPACE));
        assertThat(fleet.registry.queries().host(host.id).orElseThrow().row().attention()).contains("namespace: " + Fleet.NS);
        assertThat(host.returns(generation)).as("it has not told everything")
                .isInstanceOfSatisfying(JoinAnswer.Joined.class, joined -> assertThat(joined.readopt()).isTrue());
        fleet.namespace(Fleet.NS, 10L);
        assertThat(host.readopts(next, former, "a", "image-a", generation, false)).isInstanceOf(ReplicaOutcome.Registered.class);
        host.readopt(true);
        assertThat(fleet.registry.queries().host(host.id).orElseThrow().row().attention()).isNull();
        assertThat(host.returns(generation))
                .isInstanceOfSatisfying(JoinAnswer.Joined.class, joined -> assertThat(joined.readopt()).isFalse());
    }

    @Test
    default void whatTheBackupWasStillDoomingIsNotBroughtBack() {
        Fleet fleet = Fleet.withCapacity(empty(RegistryFixture.withChunks(1, 500, 100)), 10);
        FleetHost one = fleet.host("host-1");
        FleetHost two = fleet.host("host-2");
        List<ReplicaId> held = List.of(one.holds("a", "image-a"), two.holds("a", "image-a"));
        long generation = fleet.entry("a").generation();
        fleet.invalidate("a", null);
        Backup backup = backUp(fleet.registry);
        backup.restore();
        fleet.restored();
        one.comesToReadopt(generation);
        two.comesToReadopt(generation);
        ReplicaId first = Fleet.newReplicaId();
        ReplicaId second = Fleet.newReplicaId();
        assertThat(one.readopts(first, held.getFirst(), "a", "image-a", generation, true)).isInstanceOf(ReplicaOutcome.Superseded.class);
        assertThat(two.readopts(second, held.getLast(), "a", "image-a", generation, true)).isInstanceOf(ReplicaOutcome.Superseded.class);
        assertThat(fleet.keys()).isEmpty();
        assertThat(one.ordered()).containsExactly(first);
        assertThat(two.ordered()).containsExactly(second);
    }

    @Test
    default void aPutSinceTheRestoreIsNeverReplacedByWhatIsOlder() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost one = fleet.host("host-1");
        FleetHost two = fleet.host("host-2");
        Backup backup = backUp(fleet.registry);
        ReplicaId former = one.holds("k", "image-before");
        long before = fleet.entry("k").generation();
        backup.restore();
        fleet.restored();
        two.comesToReadopt(0);
        two.readopt(true);
        ReplicaId newer = two.holds("k", "image-after");
        one.comesToReadopt(before);
        assertThat(one.readopts(Fleet.newReplicaId(), former, "k", "image-before", before, true))
                .isInstanceOf(ReplicaOutcome.Superseded.class);
        fleet.sweep(100);
        assertThat(Objects.requireNonNull(fleet.get("k"))).isEqualTo("image-after");
        assertThat(fleet.holders("k")).containsExactly(newer);
        assertThat(two.ordered()).isEmpty();
    }
}
