package dev.spillway.coordinator.core;

import dev.spillway.coordinator.core.RegistryQueries.OrderView;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.protocol.DropAnswer;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.Reply;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** What a registry does once its database was put back into an older state. */
interface RestoreContract extends RegistryFixture {
    private static long generation(Fleet fleet, String key) {
        return fleet.entry(key).generation();
    }

    private static long epoch(Fleet fleet) {
        return fleet.registry.queries().registry().epoch();
    }

    private static Outcomes.Restoration.Restored restored(Fleet fleet) {
        return (Outcomes.Restoration.Restored) fleet.registry.execute(new Command.Restored(epoch(fleet)));
    }

    private static void comesToReadopt(FleetHost host, long highestGeneration) {
        assertThat(host.returns(highestGeneration)).isInstanceOfSatisfying(JoinAnswer.Joined.class,
                joined -> assertThat(joined.readopt()).as("is to readopt").isTrue());
    }

    private static long unheard(Fleet fleet) {
        return fleet.registry.queries().waiting().orElseThrow().hostsUnheard();
    }

    private static List<ReplicaId> holders(Fleet fleet, String key) {
        return fleet.entry(key)
                .replicas()
                .stream()
                .filter(replica -> replica.state().equals("LIVE"))
                .map(RegistryQueries.ReplicaView::replicaId)
                .toList();
    }

    @Test
    default void aHostThatSawMoreIsRefusedUntilSomebodySaysThatTheDatabaseWasRestored() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        host.holds("old", "image-old");
        Backup backup = backUp(fleet.registry);
        ReplicaId kept = host.holds("new", "image-new");
        long seen = generation(fleet, "new");
        backup.restore();

        assertThat(host.returns(seen)).isInstanceOfSatisfying(JoinAnswer.Refused.class, refused -> {
            assertThat(refused.reason()).isEqualTo(JoinAnswer.Reason.REGISTRY_BEHIND);
            assertThat(refused.detail()).contains("spillway restored");
        });
        assertThat(fleet.registry.queries().registry().behind()).isEqualTo(new Rows.Behind(seen, 1));
        assertThat(fleet.registry.queries().host(host.id).orElseThrow().row().attention()).contains("spillway restored");

        Outcomes.Restoration.Restored said = restored(fleet);
        assertThat(fleet.registry.queries().registry().behind()).isNull();
        assertThat(fleet.registry.queries().host(host.id).orElseThrow().row().attention()).isNull();
        assertThat(said.epoch()).isGreaterThan(1);
        assertThat(said.generation()).isGreaterThan(seen);
        comesToReadopt(host, seen);
        ReplicaId next = Fleet.newReplicaId();
        assertThat(host.readopts(next, kept, "new", "image-new", seen, true))
                .isEqualTo(new ReplicaOutcome.Registered(next, fleet.entry("new").snapshotId(), seen, List.of()));
        assertThat(generation(fleet, "new")).isEqualTo(seen);
        assertThat(holders(fleet, "new")).containsExactly(next);
        host.holds("later", "image-later");
        assertThat(generation(fleet, "later")).isGreaterThan(said.generation());
    }

    @Test
    default void itIsSaidOnceHoweverOftenAndTellsWhoWatches() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        fleet.host("host-1");
        restored(fleet);
        long epoch = epoch(fleet);
        assertThat(fleet.registry.execute(new Command.Restored(1))).isEqualTo(new Outcomes.Restoration.OtherEpoch(epoch));
        assertThat(epoch(fleet)).isEqualTo(epoch);
    }

    @Test
    default void generationsAndEpochsAfterTwoRestoresOfOneBackupAreNeverThoseOfTheFirst() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        Backup backup = backUp(fleet.registry);
        Outcomes.Restoration.Restored first = restored(fleet);
        fleet.put("a", "image-a");
        long drawn = generation(fleet, "a");
        backup.restore();
        Outcomes.Restoration.Restored second = restored(fleet);
        assertThat(second.epoch()).isGreaterThan(first.epoch());
        assertThat(second.generation()).isGreaterThanOrEqualTo(drawn);
        fleet.put("b", "image-b");
        assertThat(generation(fleet, "b")).isGreaterThan(drawn);
    }

    @Test
    default void aHeartbeatOfAHostWhoseIncarnationIsStillCurrentTellsThatTheRegistryIsBehind() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        Backup backup = backUp(fleet.registry);
        host.holds("new", "image-new");
        long seen = generation(fleet, "new");
        assertThat(host.send(new HeartbeatRequest(host.sender(), HostFigures.NONE, List.of(), 0, seen))).isInstanceOf(Reply.Accepted.class);
        backup.restore();
        assertThat(host.send(new HeartbeatRequest(host.sender(), HostFigures.NONE, List.of(), 0, seen))).isInstanceOf(Reply.Fenced.class);
    }

    @Test
    default void whatNobodyKnowsAnyMoreIsNoOrphanBeforeItsHostWasHeard() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost first = fleet.host("host-1");
        FleetHost second = fleet.host("host-2");
        Backup backup = backUp(fleet.registry);
        ReplicaId unknown = second.holds("new", "image-new");
        long seen = generation(fleet, "new");
        ReplicaId attached = Fleet.newReplicaId();
        first.attach(attached, "new", seen);
        backup.restore();

        assertThat(second.returns(seen)).isInstanceOf(JoinAnswer.Refused.class);
        for (int look = 0; look < 3; look++) {
            assertThat(first.orphans(10, FleetHost.orphan(attached, "new", seen)).waiting()).isEqualTo(1);
        }
        assertThat(first.ordered()).as("before it was said").isEmpty();

        restored(fleet);
        comesToReadopt(second, seen);
        for (int look = 0; look < 3; look++) {
            assertThat(second.orphans(10, FleetHost.orphan(unknown, "new", seen)).settled()).isZero();
        }
        assertThat(second.ordered()).as("before it told everything").isEmpty();
        second.readopts(Fleet.newReplicaId(), unknown, "new", "image-new", seen, true);
        ReplicaId stray = Fleet.newReplicaId();
        second.orphans(10, FleetHost.orphan(stray, "stray", seen));
        second.orphans(10, FleetHost.orphan(stray, "stray", seen));
        assertThat(second.ordered()).as("after that").containsExactly(stray);
    }

    @Test
    default void aRowThatTheBackupHasGoesOnUnderItsNewIdAndTheOldOneIsNeverRegisteredAgain() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        ReplicaId former = host.holds("a", "image-a");
        long generation = generation(fleet, "a");
        Backup backup = backUp(fleet.registry);
        backup.restore();
        restored(fleet);
        comesToReadopt(host, generation);
        ReplicaId next = Fleet.newReplicaId();
        assertThat(host.readopts(next, former, "a", "image-a", generation, true)).isInstanceOf(ReplicaOutcome.Registered.class);
        assertThat(holders(fleet, "a")).containsExactly(next);
        assertThat(host.rows(null).rows()).containsExactly(next);
        assertThat(host.register(former, "a", "image-other")).isEqualTo(new ReplicaOutcome.Ended(former));
        assertThat(fleet.evictions()).isEmpty();
        assertThat(host.readopts(next, former, "a", "image-a", generation, true)).as("the message twice")
                .isInstanceOf(ReplicaOutcome.Registered.class);
        assertThat(host.rows(null).rows()).containsExactly(next);
    }

    @Test
    default void anIdThatWasCancelledIsNotTakenBackByALateMessage() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        ReplicaId former = host.holds("a", "image-a");
        long generation = generation(fleet, "a");
        restored(fleet);
        comesToReadopt(host, generation);
        ReplicaId next = Fleet.newReplicaId();
        host.drop(DropRequest.Reason.CANCELLED, next);
        assertThat(host.readopts(next, former, "a", "image-a", generation, false)).isEqualTo(new ReplicaOutcome.Ended(next));
    }

    @Test
    default void ofTwoGenerationsTheHighestIsTheEntryWhicheverComesFirst() {
        for (boolean highestFirst : new boolean[]{true, false}) {
            Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
            FleetHost one = fleet.host("host-1");
            FleetHost two = fleet.host("host-2");
            FleetHost oldest = fleet.host("host-3");
            ReplicaId inBackup = oldest.holds("k", "image-0");
            long lowest = generation(fleet, "k");
            Backup backup = backUp(fleet.registry);
            ReplicaId lower = one.holds("k", "image-1");
            long low = generation(fleet, "k");
            ReplicaId higher = two.holds("k", "image-2");
            long high = generation(fleet, "k");
            backup.restore();
            restored(fleet);

            ReplicaId newLower = Fleet.newReplicaId();
            ReplicaId newHigher = Fleet.newReplicaId();
            List<Runnable> comings = List.of(() -> {
                comesToReadopt(two, high);
                assertThat(two.readopts(newHigher, higher, "k", "image-2", high, true)).isInstanceOf(ReplicaOutcome.Registered.class);
            }, () -> {
                comesToReadopt(one, low);
                assertThat(one.readopts(newLower, lower, "k", "image-1", low, true))
                        .isInstanceOf(highestFirst ? ReplicaOutcome.Superseded.class : ReplicaOutcome.Registered.class);
            });
            (highestFirst ? comings : comings.reversed()).forEach(Runnable::run);

            assertThat(generation(fleet, "k")).isEqualTo(high);
            assertThat(fleet.entry("k").snapshotId().value()).isEqualTo("image-2");
            assertThat(holders(fleet, "k")).containsExactly(newHigher);
            fleet.sweep(100);
            assertThat(one.ordered()).as("host-3 was not heard yet").isEmpty();
            assertThat(two.ordered()).isEmpty();
            assertThat(one.returns(low)).isInstanceOf(JoinAnswer.Joined.class);
            assertThat(one.ordered()).as("a join makes no waiting order due").isEmpty();

            comesToReadopt(oldest, lowest);
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
    default void aHostThatIsRetiredIsWaitedForNoLonger() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost one = fleet.host("host-1");
        FleetHost lost = fleet.host("host-2");
        ReplicaId former = one.holds("k", "image-1");
        long low = generation(fleet, "k");
        restored(fleet);
        fleet.put("k", "image-2");
        comesToReadopt(one, low);
        ReplicaId next = Fleet.newReplicaId();
        assertThat(one.readopts(next, former, "k", "image-1", low, true)).isInstanceOf(ReplicaOutcome.Superseded.class);
        ReplicaId hidden = Fleet.newReplicaId();
        assertThat(one.readopt(true, FleetHost.readoption(hidden, Fleet.newReplicaId(), "h", "image-h", low, false)).getFirst())
                .isInstanceOf(ReplicaOutcome.Superseded.class);
        fleet.sweep(100);
        assertThat(one.ordered()).as("ordered away by the put, which is newer than the restore").containsExactly(next);
        fleet.registry.execute(new Command.Retire(lost.id));
        fleet.sweep(100);
        assertThat(one.ordered()).contains(hidden);
        assertThat(fleet.registry.queries().entry(Fleet.name("h"))).as("what was hidden is not brought back").isEmpty();
    }

    @Test
    default void theGraceOfAnUnknownHostIsWaitedForToo() {
        Fleet fleet = Fleet.withCapacity(empty(), 10);
        FleetHost one = fleet.host("host-1");
        one.holds("k", "image-1");
        long low = generation(fleet, "k");
        restored(fleet);
        comesToReadopt(one, low);
        ReplicaId hidden = Fleet.newReplicaId();
        one.readopt(true, FleetHost.readoption(hidden, Fleet.newReplicaId(), "h", "image-h", low, false));
        fleet.sweep(100);
        assertThat(one.ordered()).isEmpty();
    }

    @Test
    default void anOrderThatTheBackupHasGoesOnForTheNewId() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        ReplicaId former = host.holds("a", "image-a");
        long generation = generation(fleet, "a");
        fleet.invalidate("a", null);
        Backup backup = backUp(fleet.registry);
        backup.restore();
        restored(fleet);
        comesToReadopt(host, generation);
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
        long generation = generation(fleet, "a");
        Backup backup = backUp(fleet.registry);
        backup.restore();
        restored(fleet);
        comesToReadopt(host, generation);
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
        long generation = generation(fleet, "k");
        ReplicaId ofLate = Fleet.newReplicaId();
        late.attach(ofLate, "k", generation);
        ReplicaId older = late.holds("j", "image-j1");
        long low = generation(fleet, "j");
        one.holds("j", "image-j2");
        long seen = generation(fleet, "j");
        backup.restore();
        restored(fleet);
        comesToReadopt(one, seen);
        one.readopts(Fleet.newReplicaId(), ofOne, "k", "image-k", generation, true);
        fleet.invalidate("k", null);
        fleet.put("j", "image-j3");
        fleet.invalidate("j", null);

        comesToReadopt(late, seen);
        ReplicaId next = Fleet.newReplicaId();
        ReplicaId nextOlder = Fleet.newReplicaId();
        assertThat(late.readopt(true, FleetHost.readoption(next, ofLate, "k", "image-k", generation, true),
                FleetHost.readoption(nextOlder, older, "j", "image-j1", low, true)))
                .allMatch(ReplicaOutcome.Superseded.class::isInstance);
        assertThat(fleet.keys()).isEmpty();
        assertThat(late.ordered()).containsExactlyInAnyOrder(next, nextOlder);
        assertThat(fleet.evictions()
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
        long generation = generation(fleet, "k");
        Backup backup = backUp(fleet.registry);
        ReplicaId copy = Fleet.newReplicaId();
        away.attach(copy, "k", generation);
        backup.restore();
        restored(fleet);
        comesToReadopt(one, generation);
        one.readopt(true);
        List<ReplicaId> gone = one.rows(null).rows();
        one.discrepancies(gone, List.of(), 0);
        one.discrepancies(gone, List.of(), 0);
        assertThat(fleet.onlyEviction().fact().cause()).isEqualTo(EvictionCause.LOST);

        comesToReadopt(away, generation);
        assertThat(away.readopts(Fleet.newReplicaId(), copy, "k", "image-k", generation, true))
                .isInstanceOf(ReplicaOutcome.Registered.class);
        assertThat(generation(fleet, "k")).isEqualTo(generation);
    }

    @Test
    default void aHostThatDrainsIsNotRelievedOfWhatOnlyTheBackupSaysThatAnotherHas() {
        for (boolean told : new boolean[]{false, true}) {
            Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
            FleetHost other = fleet.host("host-1");
            FleetHost draining = fleet.host("host-2");
            ReplicaId first = other.holds("k", "image-k");
            long generation = generation(fleet, "k");
            ReplicaId second = Fleet.newReplicaId();
            draining.attach(second, "k", generation);
            restored(fleet);
            comesToReadopt(draining, generation);
            ReplicaId next = Fleet.newReplicaId();
            draining.readopts(next, second, "k", "image-k", generation, true);
            if (told) {
                comesToReadopt(other, generation);
                other.readopts(Fleet.newReplicaId(), first, "k", "image-k", generation, true);
            }
            fleet.registry.execute(new Command.Drain(draining.id));
            fleet.registry.execute(new Command.Relieve(100));
            assertThat(draining.ordered()).as("host-1 has told what it holds: " + told).isEqualTo(told ? List.of(next) : List.of());
        }
    }

    @Test
    default void whatWasEvictedBetweenBackupAndCrashComesBackAndCapacityIsBroughtBackByTheSweep() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 2);
        FleetHost host = fleet.host("host-1");
        ReplicaId a = host.holds("a", "image-a");
        ReplicaId b = host.holds("b", "image-b");
        long generationA = generation(fleet, "a");
        long generationB = generation(fleet, "b");
        Backup backup = backUp(fleet.registry);
        ReplicaId c = host.holds("c", "image-c");
        ReplicaId d = host.holds("d", "image-d");
        long generationC = generation(fleet, "c");
        long generationD = generation(fleet, "d");
        assertThat(fleet.keys()).containsExactly("c", "d");
        backup.restore();
        assertThat(fleet.keys()).as("an entry that was evicted is back").containsExactly("a", "b");
        restored(fleet);
        comesToReadopt(host, generationD);
        host.readopt(true, FleetHost.readoption(Fleet.newReplicaId(), a, "a", "image-a", generationA, true),
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
        long generation = generation(fleet, "a");
        backup.restore();
        restored(fleet);
        comesToReadopt(host, generation);
        ReplicaId next = Fleet.newReplicaId();
        assertThat(host.readopts(next, former, "a", "image-a", generation, true))
                .isInstanceOfSatisfying(ReplicaOutcome.Refused.class,
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
    default void rowsOfTheBackupThatAHostNoLongerHasAreClosedHoweverManyTheyAre() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 100);
        FleetHost host = fleet.host("host-1");
        host.registerMany("gone-", 10);
        List<ReplicaId> gone = host.rows(null).rows();
        long seen = generation(fleet, "gone-9");
        Backup backup = backUp(fleet.registry);
        backup.restore();
        restored(fleet);
        comesToReadopt(host, seen);
        host.readopt(true);
        host.discrepancies(gone, List.of(), 0);
        assertThat(host.discrepancies(gone, List.of(), 0).settled()).isEqualTo(10);
        assertThat(host.rows(null).rows()).isEmpty();
        assertThat(fleet.keys()).isEmpty();

        host.registerMany("lost-", 10);
        List<ReplicaId> lost = host.rows(null).rows();
        host.discrepancies(lost, List.of(), 0);
        assertThat(host.discrepancies(lost, List.of(), 0).waitForHuman()).as("what was registered since then is a loss").isEqualTo(10);
    }

    @Test
    default void whatAHostDropsAndTheBackupDoesNotKnowIsKept() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 100);
        FleetHost host = fleet.host("host-1");
        host.holds("old", "image-old");
        Backup backup = backUp(fleet.registry);
        ReplicaId[] newer = Stream.of("a", "b", "c").map(key -> host.holds(key, "image-" + key)).toArray(ReplicaId[]::new);
        long seen = generation(fleet, "c");
        backup.restore();
        assertThat(host.drop(DropRequest.Reason.LOST, newer)).as("before anybody said so")
                .isEqualTo(new DropAnswer(List.of(), List.of(newer)));
        restored(fleet);
        comesToReadopt(host, seen);
        assertThat(host.drop(DropRequest.Reason.LOST, newer)).as("before it was told").isEqualTo(new DropAnswer(List.of(), List.of(newer)));
        assertThat(host.drop(DropRequest.Reason.BOUNDS, newer[0]).kept()).containsExactly(newer[0]);
        assertThat(host.drop(DropRequest.Reason.CANCELLED, newer[0]).closed()).as("never registered").containsExactly(newer[0]);
    }

    @Test
    default void aCopyOfAnotherImageWhoseNumberWasDrawnAgainIsGone() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost owner = fleet.host("host-1");
        FleetHost copying = fleet.host("host-2");
        Backup backup = backUp(fleet.registry);
        owner.holds("a", "image-of-the-lost-time");
        long copied = generation(fleet, "a");
        backup.restore();
        owner.holds("a", "image-of-now");
        assertThat(generation(fleet, "a")).as("nobody has said that the database was restored").isEqualTo(copied);
        ReplicaId other = Fleet.newReplicaId();
        assertThat(copying.attach(other, "a", copied, "image-of-the-lost-time")).isEqualTo(new ReplicaOutcome.Gone(other));
        ReplicaId same = Fleet.newReplicaId();
        assertThat(copying.attach(same, "a", copied, "image-of-now")).isInstanceOf(ReplicaOutcome.Registered.class);
        assertThat(holders(fleet, "a")).contains(same).doesNotContain(other);
    }

    @Test
    default void whatTheBackupWasStillDoomingIsNotBroughtBack() {
        Fleet fleet = Fleet.withCapacity(empty(RegistryFixture.withChunks(1, 500, 100)), 10);
        FleetHost one = fleet.host("host-1");
        FleetHost two = fleet.host("host-2");
        List<ReplicaId> held = List.of(one.holds("a", "image-a"), two.holds("a", "image-a"));
        long generation = generation(fleet, "a");
        fleet.invalidate("a", null);
        Backup backup = backUp(fleet.registry);
        backup.restore();
        restored(fleet);
        comesToReadopt(one, generation);
        comesToReadopt(two, generation);
        ReplicaId first = Fleet.newReplicaId();
        ReplicaId second = Fleet.newReplicaId();
        assertThat(one.readopts(first, held.getFirst(), "a", "image-a", generation, true)).isInstanceOf(ReplicaOutcome.Superseded.class);
        assertThat(two.readopts(second, held.getLast(), "a", "image-a", generation, true)).isInstanceOf(ReplicaOutcome.Superseded.class);
        assertThat(fleet.keys()).isEmpty();
        assertThat(one.ordered()).containsExactly(first);
        assertThat(two.ordered()).containsExactly(second);
    }

    @Test
    default void aHostThatTheBackupDoesNotKnowReadoptsAndServesOn() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        Backup backup = backUp(fleet.registry);
        FleetHost host = fleet.host("host-1");
        ReplicaId former = host.holds("a", "image-a");
        long generation = generation(fleet, "a");
        backup.restore();
        restored(fleet);
        assertThat(host.returns(generation)).isInstanceOfSatisfying(JoinAnswer.Joined.class, joined -> {
            assertThat(joined.readopt()).isTrue();
            assertThat(joined.reconcileFirst()).isFalse();
        });
        host.readopts(Fleet.newReplicaId(), former, "a", "image-a", generation, true);
        assertThat(fleet.keys()).containsExactly("a");
    }

    @Test
    default void aHostThatALateCopyOfItsFirstJoinMadeKnownIsHeardOnceItHasReadopted() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        Backup backup = backUp(fleet.registry);
        FleetHost host = fleet.host("host-1");
        ReplicaId former = host.holds("a", "image-a");
        long generation = generation(fleet, "a");
        backup.restore();
        restored(fleet);
        fleet.registry.execute(new Command.FromWorker<>(host.joinRequest()));
        comesToReadopt(host, generation);
        assertThat(unheard(fleet)).isOne();
        host.readopts(Fleet.newReplicaId(), former, "a", "image-a", generation, true);
        assertThat(unheard(fleet)).isZero();
        assertThat(fleet.keys()).containsExactly("a");
    }

    @Test
    default void aPutSinceTheRestoreIsNeverReplacedByWhatIsOlder() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost one = fleet.host("host-1");
        FleetHost two = fleet.host("host-2");
        Backup backup = backUp(fleet.registry);
        ReplicaId former = one.holds("k", "image-before");
        long before = generation(fleet, "k");
        backup.restore();
        restored(fleet);
        comesToReadopt(two, 0);
        two.readopt(true);
        ReplicaId newer = two.holds("k", "image-after");
        comesToReadopt(one, before);
        assertThat(one.readopts(Fleet.newReplicaId(), former, "k", "image-before", before, true))
                .isInstanceOf(ReplicaOutcome.Superseded.class);
        fleet.sweep(100);
        assertThat(Objects.requireNonNull(fleet.get("k"))).isEqualTo("image-after");
        assertThat(holders(fleet, "k")).containsExactly(newer);
        assertThat(two.ordered()).isEmpty();
    }
}
