package dev.spillway.registry;

import dev.spillway.events.ReplicaId;
import dev.spillway.events.protocol.DropAnswer;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.Reply;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.model.RegistryRow;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** A registry whose database was restored decides which hosts may join, for which hosts orders wait, and which replicas are not lost. */
interface RestoreContract extends RegistryFixture {
    @Test
    default void aHostThatSawMoreIsRefusedUntilSomebodySaysThatTheDatabaseWasRestored() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        host.holds("old", "image-old");
        Backup backup = backUp(fleet.registry);
        ReplicaId kept = host.holds("new", "image-new");
        long seen = fleet.entry("new").generation();
        backup.restore();

        assertThat(host.returns(seen)).isInstanceOfSatisfying(JoinAnswer.Refused.class, refused -> {
            assertThat(refused.reason()).isEqualTo(JoinAnswer.Reason.REGISTRY_BEHIND);
            assertThat(refused.detail()).contains("spillway restored");
        });
        assertThat(fleet.registry.queries().registry().behind()).isEqualTo(new RegistryRow.Behind(seen, 1));
        assertThat(fleet.registry.queries().host(host.id).orElseThrow().row().attention()).contains("spillway restored");

        Outcomes.Restoration.Restored said = fleet.restored();
        assertThat(fleet.registry.queries().registry().behind()).isNull();
        assertThat(fleet.registry.queries().host(host.id).orElseThrow().row().attention()).isNull();
        assertThat(said.epoch()).isGreaterThan(1);
        assertThat(said.generation()).isGreaterThan(seen);
        host.comesToReadopt(seen);
        ReplicaId next = Fleet.newReplicaId();
        assertThat(host.readopts(next, kept, "new", "image-new", seen, true))
                .isEqualTo(new ReplicaOutcome.Registered(next, fleet.entry("new").snapshotId(), seen, List.of()));
        assertThat(fleet.entry("new").generation()).isEqualTo(seen);
        assertThat(fleet.holders("new")).containsExactly(next);
        host.holds("later", "image-later");
        assertThat(fleet.entry("later").generation()).isGreaterThan(said.generation());
    }

    @Test
    default void itIsSaidOnceHoweverOftenAndTellsWhoWatches() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        fleet.host("host-1");
        fleet.restored();
        long epoch = fleet.epoch();
        assertThat(fleet.registry.execute(new Command.Restored(1))).isEqualTo(new Outcomes.Restoration.OtherEpoch(epoch));
        assertThat(fleet.epoch()).isEqualTo(epoch);
    }

    /** Numbers of events are drawn again after a restore, so a reader's cursor may be the number of another event now. */
    @Test
    default void aReaderOfATimeThatWasLostIsToldOfAGapAndOfNothingTwice() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        Follower staying = Follower.of(fleet.registry);
        fleet.evict("a");
        Backup backup = backUp(fleet.registry);
        fleet.evict("b");
        fleet.evict("c");
        assertThat(staying.awaitEvicted(3)).containsExactly("a", "b", "c");
        Follower late = staying.resumed();
        backup.restore();

        assertThat(staying.look().gap()).as("nobody has said yet that the database was restored").isTrue();
        fleet.evict("d");
        assertThat(staying.awaitEvicted(4)).containsExactly("a", "b", "c", "d");
        assertThat(staying.gaps()).isOne();
        fleet.restored();
        for (String key : List.of("e", "f", "g")) {
            fleet.evict(key);
        }
        assertThat(staying.awaitEvicted(7)).containsExactly("a", "b", "c", "d", "e", "f", "g");
        assertThat(staying.gaps()).isEqualTo(2);
        assertThat(late.awaitEvicted(3)).as("from the restore on").containsExactly("e", "f", "g");
        assertThat(late.gaps()).isOne();
        assertThat(staying.look().items()).isEmpty();
        assertThat(late.look().items()).isEmpty();
    }

    /** The second time nothing of the first epoch is known, and a reader of it is of a later one. */
    @Test
    default void aReaderOfAnEpochThatWasLostGoesOnAtTheEnd() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        fleet.evict("a");
        Backup backup = backUp(fleet.registry);
        fleet.restored();
        Follower follower = Follower.of(fleet.registry);
        backup.restore();
        assertThat(follower.look().gap()).isTrue();
        fleet.evict("b");
        assertThat(follower.awaitEvicted(1)).containsExactly("b");
        assertThat(follower.gaps()).isOne();
    }

    @Test
    default void generationsAndEpochsAfterTwoRestoresOfOneBackupAreNeverThoseOfTheFirst() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        Backup backup = backUp(fleet.registry);
        Outcomes.Restoration.Restored first = fleet.restored();
        fleet.put("a", "image-a");
        long drawn = fleet.entry("a").generation();
        backup.restore();
        Outcomes.Restoration.Restored second = fleet.restored();
        assertThat(second.epoch()).isGreaterThan(first.epoch());
        assertThat(second.generation()).isGreaterThanOrEqualTo(drawn);
        fleet.put("b", "image-b");
        assertThat(fleet.entry("b").generation()).isGreaterThan(drawn);
    }

    @Test
    default void aHeartbeatOfAHostWhoseIncarnationIsStillCurrentTellsThatTheRegistryIsBehind() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        Backup backup = backUp(fleet.registry);
        host.holds("new", "image-new");
        long seen = fleet.entry("new").generation();
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
        long seen = fleet.entry("new").generation();
        ReplicaId attached = Fleet.newReplicaId();
        first.attach(attached, "new", seen);
        backup.restore();

        assertThat(second.returns(seen)).isInstanceOf(JoinAnswer.Refused.class);
        for (int look = 0; look < 3; look++) {
            assertThat(first.orphans(10, FleetHost.orphan(attached, "new", seen)).waiting()).isEqualTo(1);
        }
        assertThat(first.ordered()).as("before it was said").isEmpty();

        fleet.restored();
        second.comesToReadopt(seen);
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
    default void aHostThatIsRetiredIsWaitedForNoLonger() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost one = fleet.host("host-1");
        FleetHost lost = fleet.host("host-2");
        ReplicaId former = one.holds("k", "image-1");
        long low = fleet.entry("k").generation();
        fleet.restored();
        fleet.put("k", "image-2");
        one.comesToReadopt(low);
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
        long low = fleet.entry("k").generation();
        fleet.restored();
        one.comesToReadopt(low);
        ReplicaId hidden = Fleet.newReplicaId();
        one.readopt(true, FleetHost.readoption(hidden, Fleet.newReplicaId(), "h", "image-h", low, false));
        fleet.sweep(100);
        assertThat(one.ordered()).isEmpty();
    }

    @Test
    default void aHostThatDrainsIsNotRelievedOfWhatOnlyTheBackupSaysThatAnotherHas() {
        for (boolean told : new boolean[]{false, true}) {
            Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
            FleetHost other = fleet.host("host-1");
            FleetHost draining = fleet.host("host-2");
            ReplicaId first = other.holds("k", "image-k");
            long generation = fleet.entry("k").generation();
            ReplicaId second = Fleet.newReplicaId();
            draining.attach(second, "k", generation);
            fleet.restored();
            draining.comesToReadopt(generation);
            ReplicaId next = Fleet.newReplicaId();
            draining.readopts(next, second, "k", "image-k", generation, true);
            if (told) {
                other.comesToReadopt(generation);
                other.readopts(Fleet.newReplicaId(), first, "k", "image-k", generation, true);
            }
            fleet.registry.execute(new Command.Drain(draining.id));
            fleet.registry.execute(new Command.Relieve(100));
            assertThat(draining.ordered()).as("host-1 has told what it holds: " + told).isEqualTo(told ? List.of(next) : List.of());
        }
    }

    @Test
    default void rowsOfTheBackupThatAHostNoLongerHasAreClosedHoweverManyTheyAre() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 100);
        FleetHost host = fleet.host("host-1");
        host.registerMany("gone-", 10);
        List<ReplicaId> gone = host.rows(null).rows();
        long seen = fleet.entry("gone-9").generation();
        Backup backup = backUp(fleet.registry);
        backup.restore();
        fleet.restored();
        host.comesToReadopt(seen);
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
        long seen = fleet.entry("c").generation();
        backup.restore();
        assertThat(host.drop(DropRequest.Reason.LOST, newer)).as("before anybody said so")
                .isEqualTo(new DropAnswer(List.of(), List.of(newer)));
        fleet.restored();
        host.comesToReadopt(seen);
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
        long copied = fleet.entry("a").generation();
        backup.restore();
        owner.holds("a", "image-of-now");
        assertThat(fleet.entry("a").generation()).as("nobody has said that the database was restored").isEqualTo(copied);
        ReplicaId other = Fleet.newReplicaId();
        assertThat(copying.attach(other, "a", copied, "image-of-the-lost-time")).isEqualTo(new ReplicaOutcome.Gone(other));
        ReplicaId same = Fleet.newReplicaId();
        assertThat(copying.attach(same, "a", copied, "image-of-now")).isInstanceOf(ReplicaOutcome.Registered.class);
        assertThat(fleet.holders("a")).contains(same).doesNotContain(other);
    }

    @Test
    default void aHostThatTheBackupDoesNotKnowReadoptsAndServesOn() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        Backup backup = backUp(fleet.registry);
        FleetHost host = fleet.host("host-1");
        ReplicaId former = host.holds("a", "image-a");
        long generation = fleet.entry("a").generation();
        backup.restore();
        fleet.restored();
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
        long generation = fleet.entry("a").generation();
        backup.restore();
        fleet.restored();
        fleet.registry.execute(new Command.FromWorker<>(host.joinRequest()));
        host.comesToReadopt(generation);
        assertThat(fleet.hostsUnheard()).isOne();
        host.readopts(Fleet.newReplicaId(), former, "a", "image-a", generation, true);
        assertThat(fleet.hostsUnheard()).isZero();
        assertThat(fleet.keys()).containsExactly("a");
    }
}
