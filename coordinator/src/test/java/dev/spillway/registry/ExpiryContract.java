package dev.spillway.registry;

import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.EvictedEntry;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.registry.RegistryQueries.EvictionView;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.model.Actor;
import dev.spillway.registry.model.PolicyChange;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

import static dev.spillway.registry.Fleet.NS;
import static dev.spillway.registry.Fleet.ns;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/** A read does not return an expired or idle entry, and the sweep evicts the others. */
public interface ExpiryContract extends RegistryFixture {
    private static Fleet with(Registry registry, PolicyChange change) {
        Fleet fleet = new Fleet(registry);
        fleet.namespace(NS, 100L);
        fleet.change(change);
        return fleet;
    }

    @Test
    default void aReadOfAnExpiredEntryIsAMissAndEvictsIt() {
        Fleet fleet = with(empty(), PolicyChange.ofTtl(Duration.ofHours(1)));
        fleet.put("a", "image-a");
        pass(Duration.ofMinutes(59));
        assertThat(fleet.get("a")).as("reading does not make it younger").isEqualTo("image-a");
        pass(Duration.ofMinutes(1));
        assertThat(fleet.get("a")).isNull();
        EvictionView eviction = fleet.onlyEviction();
        assertThat(eviction.fact().cause()).isEqualTo(EvictionCause.EXPIRED);
        assertThat(eviction.actor()).isEqualTo(Actor.SWEEP);
        assertThat(fleet.figures()).extracting(figures -> List.of(figures.entries(), figures.bytes(), figures.hits(), figures.misses()))
                .isEqualTo(List.of(0L, 0L, 1L, 1L));
    }

    @Test
    default void aReadOfAnIdleEntryIsAMissAndEvictsIt() {
        Fleet fleet = with(empty(), PolicyChange.ofMaxIdle(Duration.ofHours(1)));
        fleet.put("a", "image-a");
        for (int i = 0; i < 3; i++) {
            pass(Duration.ofMinutes(40));
            assertThat(fleet.get("a")).as("in use").isEqualTo("image-a");
        }
        pass(Duration.ofHours(1));
        assertThat(fleet.get("a")).isNull();
        assertThat(fleet.onlyEviction().fact().cause()).isEqualTo(EvictionCause.IDLE);
    }

    @Test
    default void theSweepTakesWhatIsOverInChunks() {
        Fleet fleet = with(empty(), PolicyChange.ofTtl(Duration.ofHours(1)));
        for (int i = 0; i < 5; i++) {
            fleet.put("old-" + i, "image-" + i);
        }
        pass(Duration.ofMinutes(30));
        fleet.put("young", "image");
        fleet.get("old-0");
        assertThat(fleet.expire(10)).isEqualTo(new Outcomes.Expired(0, 0, false));
        pass(Duration.ofMinutes(31));
        assertThat(fleet.expire(3)).isEqualTo(new Outcomes.Expired(0, 3, true));
        assertThat(fleet.expire(3)).isEqualTo(new Outcomes.Expired(0, 2, true));
        assertThat(fleet.expire(3)).isEqualTo(new Outcomes.Expired(0, 0, false));
        assertThat(fleet.keys()).containsExactly("young");
        assertThat(fleet.figures().evictions()).containsEntry(EvictionCause.EXPIRED, 5L);
    }

    @Test
    default void theSweepTakesIdleEntriesOldestFirstAndLeavesUsedOnes() {
        Fleet fleet = with(empty(), PolicyChange.ofMaxIdle(Duration.ofHours(1)));
        for (String key : List.of("a", "b", "c", "d")) {
            fleet.put(key, "image-" + key);
        }
        pass(Duration.ofMinutes(45));
        fleet.get("b");
        pass(Duration.ofMinutes(30));
        assertThat(fleet.expire(2).evicted()).isEqualTo(2);
        assertThat(fleet.keys()).containsExactly("d", "b");
        assertThat(fleet.expire(2).evicted()).isOne();
        assertThat(fleet.keys()).containsExactly("b");
        assertThat(fleet.expire(2).more()).isFalse();
    }

    @Test
    default void pinnedEntriesOutliveTheirTimeUntilThePinEnds() {
        Fleet fleet = with(empty(), PolicyChange.ofTtl(Duration.ofHours(1)));
        fleet.change(PolicyChange.ofMaxIdle(Duration.ofHours(1)));
        fleet.put("a", "image-a");
        fleet.put("b", "image-b");
        fleet.pin("a", null);
        pass(Duration.ofHours(2));
        assertThat(fleet.expire(10)).isEqualTo(new Outcomes.Expired(0, 1, true));
        assertThat(fleet.get("a")).isEqualTo("image-a");
        fleet.unpin("a");
        assertThat(fleet.expire(10)).isEqualTo(new Outcomes.Expired(0, 1, true));
        assertThat(fleet.keys()).isEmpty();
    }

    /** The sweep may not have run yet. A new copy of the same image must not join a generation that is about to be evicted. */
    @Test
    default void aPutOfAnExpiredEntryBeginsANewLife() {
        Fleet fleet = with(empty(), PolicyChange.ofTtl(Duration.ofHours(1)));
        FleetHost host = fleet.host("host-1");
        ReplicaId first = host.holds("a", "image-a");
        long generation = fleet.entry("a").generation();
        pass(Duration.ofHours(1));
        ReplicaId second = Fleet.newReplicaId();
        assertThat(host.register(second, "a", "image-a")).isInstanceOfSatisfying(ReplicaOutcome.Registered.class, registered -> {
            assertThat(registered.generation()).isGreaterThan(generation);
            assertThat(registered.evicted()).extracting(EvictedEntry::snapshotId, EvictedEntry::cause)
                    .containsExactly(tuple(new SnapshotId("image-a"), EvictionCause.EXPIRED));
        });
        assertThat(host.ordered()).containsExactly(first);
        host.heartbeat(host.report(first, Report.Result.DELETED));
        assertThat(fleet.expire(10).evicted()).isZero();
        assertThat(fleet.get("a")).isEqualTo("image-a");
    }

    @Test
    default void aTimeToLiveHoldsForWhatIsThereAlreadyAndEndsWhenItIsRemoved() {
        Fleet fleet = with(empty(), PolicyChange.ofMaxIdle(null));
        fleet.put("a", "image-a");
        pass(Duration.ofDays(400));
        fleet.put("b", "image-b");
        assertThat(fleet.expire(10).evicted()).isZero();
        fleet.change(PolicyChange.ofTtl(Duration.ofDays(365)));
        assertThat(fleet.expire(10).evicted()).isOne();
        assertThat(fleet.keys()).containsExactly("b");
        fleet.change(PolicyChange.ofTtl(null));
        pass(Duration.ofDays(400));
        assertThat(fleet.expire(10).evicted()).isZero();
        assertThat(fleet.get("b")).isEqualTo("image-b");
    }

    /** Expiry is what the policy promised, however much it is (the share judges prunes and lowered limits). */
    @Test
    default void everythingMayExpireAtOnce() {
        Fleet fleet = with(empty(), PolicyChange.ofTtl(Duration.ofHours(1)));
        for (int i = 0; i < 20; i++) {
            fleet.put("k" + i, "image-" + i);
        }
        pass(Duration.ofHours(1));
        assertThat(fleet.expire(100)).isEqualTo(new Outcomes.Expired(0, 20, true));
    }

    @Test
    default void aBusyNamespaceDoesNotKeepOthersWaiting() {
        Fleet fleet = with(empty(), PolicyChange.ofTtl(Duration.ofHours(1)));
        fleet.registry.execute(new Command.SetPolicy(ns("other"), PolicyChange.ofTtl(Duration.ofHours(1))));
        for (int i = 0; i < 10; i++) {
            fleet.put("k" + i, "image-" + i);
        }
        fleet.registry.execute(
                new Command.Put(new EntryName(ns("other"), new EntryKey("x")), new SnapshotId("image"), 1, Description.NONE));
        pass(Duration.ofHours(1));
        fleet.expire(4);
        assertThat(fleet.keys("other")).isEmpty();
        assertThat(fleet.keys()).hasSize(8);
    }
}
