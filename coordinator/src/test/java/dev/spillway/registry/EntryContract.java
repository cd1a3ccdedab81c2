package dev.spillway.registry;

import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.EvictedEntry;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

import static dev.spillway.registry.Fleet.NS;
import static dev.spillway.registry.Fleet.name;
import static dev.spillway.registry.Fleet.ns;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/** The verbs of the image registry: get, put, invalidate, list, clean. */
public interface EntryContract extends RegistryFixture {
    @Test
    default void anUnknownKeyIsEmpty() {
        Fleet fleet = Fleet.withCapacity(empty(), 2);
        assertThat(fleet.get("nobody")).isNull();
        assertThat(fleet.registry.execute(new Command.Get(new EntryName(ns("no-such"), name("k").key()))))
                .isEqualTo(new Outcomes.Getting.Miss());
        assertThat(fleet.figures().misses()).isOne();
        assertThat(fleet.figures().hits()).isZero();
    }

    @Test
    default void whatWasPutIsFound() {
        Fleet fleet = Fleet.withCapacity(empty(), 2);
        Description described = new Description("nightly", Fleet.labelled("os", "alpine").labels());
        Outcomes.Putting putting = fleet.registry.execute(new Command.Put(name("a/b:c d%_é"), new SnapshotId("sha256:1"), 4096, described));
        assertThat(putting).isInstanceOf(Outcomes.Putting.Stored.class);
        Outcomes.Putting.Stored stored = (Outcomes.Putting.Stored) putting;
        assertThat(stored.replaced()).isNull();
        assertThat(stored.evicted()).isEmpty();
        assertThat(fleet.registry.execute(new Command.Get(name("a/b:c d%_é")))).isInstanceOfSatisfying(Outcomes.Getting.Hit.class, hit -> {
            assertThat(hit.entry().name()).isEqualTo(name("a/b:c d%_é"));
            assertThat(hit.entry().snapshotId()).isEqualTo(new SnapshotId("sha256:1"));
            assertThat(hit.entry().generation()).isEqualTo(stored.generation());
            assertThat(hit.entry().sizeBytes()).isEqualTo(4096);
            assertThat(hit.entry().description()).isEqualTo(described);
            assertThat(hit.entry().external()).isTrue();
            assertThat(hit.entry().lastAccessedAt()).isAfter(hit.entry().createdAt());
        });
        assertThat(fleet.figures().entries()).isOne();
        assertThat(fleet.figures().bytes()).isEqualTo(4096);
        assertThat(fleet.figures().hits()).isOne();
    }

    @Test
    default void theThirdPutIntoCapacityTwoEvictsExactlyTheOldest() {
        Fleet fleet = Fleet.withCapacity(empty(), 2);
        fleet.put("a", "image-a");
        fleet.put("b", "image-b");
        Outcomes.Putting.Stored third = (Outcomes.Putting.Stored) fleet.put("c", "image-c");
        assertThat(third.evicted()).singleElement().satisfies(evicted -> {
            assertThat(evicted.key().value()).isEqualTo("a");
            assertThat(evicted.snapshotId().value()).isEqualTo("image-a");
            assertThat(evicted.cause()).isEqualTo(EvictionCause.CAPACITY);
        });
        assertThat(fleet.figures().entries()).isEqualTo(2);
        assertThat(fleet.keys()).containsExactly("b", "c");
    }

    @Test
    default void aReadMakesAnEntryTheMostRecent() {
        Fleet fleet = Fleet.withCapacity(empty(), 2);
        fleet.put("a", "1");
        fleet.put("b", "2");
        fleet.get("a");
        assertThat(fleet.evictedByPutting("c")).containsExactly("b");
        assertThat(fleet.keys()).containsExactly("a", "c");
    }

    @Test
    default void aMissRefreshesNothing() {
        Fleet fleet = Fleet.withCapacity(empty(), 2);
        fleet.put("a", "1");
        fleet.put("b", "2");
        fleet.get("missing");
        assertThat(fleet.evictedByPutting("c")).containsExactly("a");
    }

    @Test
    default void allSnapshotIdsAreListedOnceEachInOrder() {
        Fleet fleet = Fleet.withCapacity(empty(), 10);
        fleet.put("k1", "image-2");
        fleet.put("k2", "image-1");
        fleet.put("k3", "image-2");
        fleet.put("k4", "image-3");
        RegistryQueries.Page<SnapshotId> first = fleet.registry.queries().snapshots(ns(NS), null, 2);
        assertThat(first.items()).extracting(SnapshotId::value).containsExactly("image-1", "image-2");
        RegistryQueries.Page<SnapshotId> second = fleet.registry.queries().snapshots(ns(NS), first.next(), 2);
        assertThat(second.items()).extracting(SnapshotId::value).containsExactly("image-3");
        assertThat(second.next()).isNull();
    }

    @Test
    default void invalidateReturnsTheIdAndThenNothing() {
        Fleet fleet = Fleet.withCapacity(empty(), 2);
        fleet.put("a", "image-a", 7);
        assertThat(fleet.invalidate("a", null)).isEqualTo(new Outcomes.Invalidation.Invalidated(new SnapshotId("image-a")));
        assertThat(fleet.invalidate("a", null)).isEqualTo(new Outcomes.Invalidation.Absent());
        assertThat(fleet.figures().entries()).isZero();
        assertThat(fleet.figures().bytes()).isZero();
        assertThat(fleet.figures().evictions()).isEqualTo(Map.of(EvictionCause.INVALIDATED, 1L));
    }

    @Test
    default void compareAndDeleteActsOnAMatchOnly() {
        Fleet fleet = Fleet.withCapacity(empty(), 2);
        fleet.put("a", "image-a");
        assertThat(fleet.invalidate("a", "image-b")).isEqualTo(new Outcomes.Invalidation.Mismatch(new SnapshotId("image-a")));
        assertThat(fleet.get("a")).isEqualTo("image-a");
        assertThat(fleet.invalidate("a", "image-a")).isEqualTo(new Outcomes.Invalidation.Invalidated(new SnapshotId("image-a")));
        assertThat(fleet.invalidate("a", "image-a")).isEqualTo(new Outcomes.Invalidation.Absent());
    }

    @Test
    default void theSnapshotThatAPutReplacesIsEvicted() {
        Fleet fleet = Fleet.withCapacity(empty(), 2);
        fleet.put("a", "old");
        Outcomes.Putting.Stored stored = (Outcomes.Putting.Stored) fleet.put("a", "new", 5);
        assertThat(stored.replaced()).isEqualTo(new SnapshotId("old"));
        assertThat(fleet.get("a")).isEqualTo("new");
        assertThat(fleet.figures().entries()).isOne();
        assertThat(fleet.figures().bytes()).isEqualTo(5);
        assertThat(fleet.claimFacts()).singleElement().satisfies(fact -> {
            assertThat(fact.snapshotId().value()).isEqualTo("old");
            assertThat(fact.cause()).isEqualTo(EvictionCause.REPLACED);
            assertThat(fact.generation()).isLessThan(stored.generation());
        });
    }

    @Test
    default void puttingTheSameSnapshotAgainEvictsNothingAndCountsAsAUse() {
        Fleet fleet = Fleet.withCapacity(empty(), 2);
        long generation = ((Outcomes.Putting.Stored) fleet.put("a", "image-a")).generation();
        fleet.put("b", "image-b");
        assertThat(fleet.put("a", "image-a")).isEqualTo(new Outcomes.Putting.Stored(generation, null, List.of()));
        assertThat(fleet.keys()).containsExactly("b", "a");
        assertThat(fleet.claimFacts()).isEmpty();
    }

    @Test
    default void aPutOfTheSameSnapshotStoresItsDescriptionAndLabels() {
        Fleet fleet = Fleet.withCapacity(empty(), 2);
        SnapshotId image = new SnapshotId("image-a");
        Description described = new Description("nightly", Fleet.labelled("os", "alpine").labels());
        fleet.put("a", "image-a");
        for (Description given : List.of(described, Fleet.labelled("arch", "arm64"), Description.NONE)) {
            fleet.registry.execute(new Command.Put(name("a"), image, 1, given));
            assertThat(fleet.entry("a").description()).isEqualTo(given);
        }
    }

    @Test
    default void aCopyThatJoinsAGenerationStoresItsDescriptionAndLabels() {
        Fleet fleet = Fleet.withCapacity(empty(), 2);
        fleet.host("host-1").holds("a", "image-a");
        Description described = new Description("nightly", Fleet.labelled("os", "alpine").labels());
        fleet.host("host-2")
                .register(new Registration(Fleet.newReplicaId(), ns(NS), name("a").key(), new SnapshotId("image-a"), 1, described));
        assertThat(fleet.entry("a").replicas()).hasSize(2);
        assertThat(fleet.entry("a").description()).isEqualTo(described);
    }

    @Test
    default void generationsRiseWithEveryPut() {
        Fleet fleet = Fleet.withCapacity(empty(), 10);
        long last = 0;
        for (int i = 0; i < 6; i++) {
            long generation = ((Outcomes.Putting.Stored) fleet.put("k" + i % 2, "image-" + i)).generation();
            assertThat(generation).isGreaterThan(last);
            last = generation;
        }
    }

    @Test
    default void twoKeysOnOneSnapshotAreTwoEntriesWithReplicasOfTheirOwn() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 10);
        FleetHost host = fleet.host("host-1");
        var first = host.holds("a", "shared");
        var second = host.holds("b", "shared");
        fleet.invalidate("a", null);
        assertThat(host.ordered()).containsExactly(first);
        assertThat(fleet.entry("b").replicas()).extracting(RegistryQueries.ReplicaView::replicaId, RegistryQueries.ReplicaView::state)
                .containsExactly(tuple(second, "LIVE"));
    }

    @Test
    default void oneSnapshotInTwoNamespacesIsEvictedInOneOnly() {
        Fleet fleet = Fleet.withCapacity(empty(), 10);
        fleet.namespace("other", 10L);
        fleet.put("a", "shared");
        fleet.registry.execute(
                new Command.Put(new EntryName(new NamespaceName("other"), name("a").key()), new SnapshotId("shared"), 1, Description.NONE));
        fleet.invalidate("a", null);
        assertThat(fleet.keys()).isEmpty();
        assertThat(fleet.keys("other")).containsExactly("a");
    }

    @Test
    default void aNamespaceWithoutPolicyTakesNothing() {
        Fleet fleet = new Fleet(empty());
        assertThat(fleet.put("a", "image-a")).isInstanceOfSatisfying(Outcomes.Putting.Refused.class, refused -> {
            assertThat(refused.reason()).isEqualTo(ReplicaOutcome.Reason.UNKNOWN_NAMESPACE);
            assertThat(refused.detail()).contains(NS).contains("expected");
        });
        assertThat(fleet.registry.queries().namespaces()).isEmpty();
    }

    @Test
    default void cleanEvictsEverythingInBoundedChunksOldestFirst() {
        Fleet fleet = Fleet.withCapacity(empty(), 10);
        for (int i = 0; i < 5; i++) {
            fleet.put("k" + i, "image-" + i);
        }
        assertThat(fleet.registry.execute(new Command.Clean(ns(NS), 2))).isEqualTo(new Outcomes.Cleaning(2, 3));
        assertThat(fleet.keys()).containsExactly("k2", "k3", "k4");
        assertThat(fleet.registry.execute(new Command.Clean(ns(NS), 3))).isEqualTo(new Outcomes.Cleaning(3, 0));
        assertThat(fleet.registry.execute(new Command.Clean(ns(NS), 3))).isEqualTo(new Outcomes.Cleaning(0, 0));
        assertThat(fleet.figures().evictions()).isEqualTo(Map.of(EvictionCause.CLEANED, 5L));
    }

    @Test
    default void whatWasEvictedIsToldAsItWasPut() {
        Fleet fleet = Fleet.withCapacity(empty(), 1);
        long generation = ((Outcomes.Putting.Stored) fleet.registry
                .execute(new Command.Put(name("a"), new SnapshotId("image-a"), 11, Fleet.labelled("team", "red")))).generation();
        Outcomes.Putting.Stored second = (Outcomes.Putting.Stored) fleet.put("b", "image-b");
        assertThat(second.evicted())
                .containsExactly(new EvictedEntry(name("a").key(), new SnapshotId("image-a"), generation, 11, EvictionCause.CAPACITY));
        assertThat(fleet.claimFacts()).singleElement().satisfies(fact -> {
            assertThat(fact.labels()).isEqualTo(Map.of("team", "red"));
            assertThat(fact.sizeBytes()).isEqualTo(11);
            assertThat(fact.replicas()).isZero();
        });
    }
}
