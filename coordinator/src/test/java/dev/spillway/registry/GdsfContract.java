package dev.spillway.registry;

import dev.spillway.events.Description;
import dev.spillway.events.EvictionPolicy;
import dev.spillway.events.SnapshotId;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.model.PolicyChange;
import dev.spillway.registry.plan.PlanPurpose;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static dev.spillway.registry.Fleet.NS;
import static dev.spillway.registry.Fleet.labelled;
import static dev.spillway.registry.Fleet.name;
import static dev.spillway.registry.Fleet.ns;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Under GDSF, the entry that saves the least time per byte is evicted first, and no entry stays forever because of earlier uses. */
public interface GdsfContract extends RegistryFixture {
    private static Fleet gdsf(Registry registry, @Nullable Long maxEntries, @Nullable Long maxBytes) {
        Fleet fleet = new Fleet(registry);
        fleet.registry.execute(new Command.SetPolicy(ns(NS), maxEntries, maxBytes, null));
        fleet.change(PolicyChange.ofEvictionPolicy(EvictionPolicy.GDSF));
        return fleet;
    }

    private static List<String> evicted(Fleet fleet, String key, long size, Description description) {
        return Fleet.evictedKeys(fleet.registry.execute(new Command.Put(name(key), new SnapshotId("image-" + key), size, description)));
    }

    @Test
    default void aLargeEntryGoesBeforeASmallOneThatCostsTheSame() {
        Fleet fleet = gdsf(empty(), null, 100L);
        fleet.put("small", "1", 10);
        fleet.put("large", "2", 60);
        assertThat(evicted(fleet, "next", 40, Description.NONE)).containsExactly("large");
    }

    @Test
    default void whatTakesLongToMakeAgainStays() {
        Fleet fleet = gdsf(empty(), 2L, null);
        evicted(fleet, "dear", 10, labelled(Description.REBUILD_SECONDS, "600"));
        evicted(fleet, "cheap", 10, labelled(Description.REBUILD_SECONDS, "0.5"));
        assertThat(evicted(fleet, "next", 10, Description.NONE)).containsExactly("cheap");
    }

    /** A label is what somebody wrote. */
    @Test
    default void aLabelThatIsNoCostCountsAsNone() {
        Fleet fleet = gdsf(empty(), 7L, null);
        int number = 0;
        for (String wrong : List.of("-5", "0", "soon", "", "NaN", "Infinity")) {
            evicted(fleet, "wrong-" + number++, 10, labelled(Description.REBUILD_SECONDS, wrong));
        }
        evicted(fleet, "none", 10, Description.NONE);
        assertThat(fleet.keys()).as("most costly last")
                .containsExactly("wrong-0", "wrong-1", "wrong-2", "wrong-3", "wrong-4", "wrong-5", "none");
    }

    @Test
    default void whatIsUsedOftenStays() {
        Fleet fleet = gdsf(empty(), 3L, null);
        fleet.put("often", "1", 10);
        fleet.put("once", "2", 10);
        fleet.put("later", "3", 10);
        fleet.get("often");
        fleet.get("often");
        assertThat(evicted(fleet, "next", 10, Description.NONE)).containsExactly("once");
        assertThat(fleet.keys()).containsExactly("later", "next", "often");
    }

    @Test
    default void whatWasUsedOftenLongAgoGoesInTheEnd() {
        Fleet fleet = gdsf(empty(), 3L, null);
        fleet.put("once-loved", "1", 10);
        for (int read = 0; read < 5; read++) {
            fleet.get("once-loved");
        }
        List<String> evicted = new ArrayList<>();
        for (int put = 0; put < 30; put++) {
            evicted.addAll(evicted(fleet, "k" + put, 10, Description.NONE));
        }
        assertThat(evicted).contains("once-loved").startsWith("k0", "k1", "k2");
    }

    @Test
    default void aReadThatStandsForSeveralCountsAsMany() {
        Fleet fleet = gdsf(empty(), 3L, null);
        FleetHost host = fleet.host("host-1");
        fleet.put("read", "1", 10);
        fleet.put("put", "2", 10);
        fleet.put("last", "3", 10);
        fleet.get("put");
        host.touch(5, "read");
        assertThat(fleet.keys()).containsExactly("last", "put", "read");
    }

    /** Hosts report their reads every few seconds, so the reads of one arrive after those of another. */
    @Test
    default void readsOfSeveralHostsAllCount() {
        Fleet fleet = gdsf(empty(), 3L, null);
        FleetHost one = fleet.host("host-1");
        FleetHost other = fleet.host("host-2");
        fleet.put("shared", "1", 10);
        fleet.put("own", "2", 10);
        pass(Duration.ofMinutes(1));
        one.touch("own");
        one.touch("own");
        one.touch("shared");
        other.touch(Duration.ofSeconds(30), "shared");
        other.touch(Duration.ofSeconds(30), "shared");
        assertThat(fleet.keys()).containsExactly("own", "shared");
        other.touch(Duration.ofHours(1), "own");
        assertThat(fleet.keys()).as("of a former image").containsExactly("own", "shared");
    }

    /** A list, a linear search and the formula, which is the definition of GDSF. */
    final class Reference {
        record Entry(String key, long size, double cost, long uses, double priority, long lastUse) {}

        private final Map<String, Entry> entries = new TreeMap<>();
        private final long maxBytes;
        private double age;
        private long uses;

        Reference(long maxBytes) {
            this.maxBytes = maxBytes;
        }

        boolean read(String key) {
            Entry entry = entries.get(key);
            if (entry != null) {
                use(key, entry.size(), entry.cost(), entry.uses() + 1);
            }
            return entry != null;
        }

        /** Returns the keys that went for it. */
        List<String> put(String key, long size, double cost) {
            Entry same = entries.get(key);
            if (same != null && same.size() == size) {
                use(key, size, cost, same.uses() + 1);
                return List.of();
            }
            entries.remove(key);
            List<String> victims = new ArrayList<>();
            double highest = age;
            while (entries.values().stream().mapToLong(Entry::size).sum() + size > maxBytes) {
                Entry victim = inOrder().getFirst();
                victims.add(victim.key());
                entries.remove(victim.key());
                highest = Math.max(highest, victim.priority());
            }
            use(key, size, cost, 1);
            age = highest;
            return victims;
        }

        private void use(String key, long size, double cost, long count) {
            entries.put(key, new Entry(key, size, cost, count, age + (double) count * cost / (double) size, ++uses));
        }

        List<Entry> inOrder() {
            return entries.values().stream().sorted(Comparator.comparingDouble(Entry::priority).thenComparingLong(Entry::lastUse)).toList();
        }
    }

    @Test
    default void victimsAreExactlyThoseOfTheDefinition() {
        Fleet fleet = gdsf(empty(), null, 200L);
        Reference expected = new Reference(200);
        Random random = new Random(7);
        int victims = 0;
        for (int step = 0; step < 300; step++) {
            int number = random.nextInt(24);
            String key = "k" + number;
            if (random.nextInt(3) == 0) {
                assertThat(fleet.get(key) != null).as("step %d: read of %s", step, key).isEqualTo(expected.read(key));
            } else {
                long size = 1 + 3L * number;
                double cost = 0.25 + number % 5;
                List<String> went = expected.put(key, size, cost);
                assertThat(evicted(fleet, key, size, labelled(Description.REBUILD_SECONDS, Double.toString(cost))))
                        .as("step %d: put of %s", step, key)
                        .isEqualTo(went);
                victims += went.size();
            }
            assertThat(fleet.keys()).as("step %d", step).isEqualTo(expected.inOrder().stream().map(Reference.Entry::key).toList());
        }
        assertThat(victims).isGreaterThan(30);
    }

    @Test
    default void pagesOfTheListFollowTheOrderOfEviction() {
        Fleet fleet = gdsf(empty(), null, null);
        for (int number = 0; number < 23; number++) {
            fleet.put("k" + number, "image", 1 + 7L * number % 23);
        }
        assertThat(fleet.pages(5)).hasSize(23).isEqualTo(fleet.keys());
        assertThat(fleet.keys())
                .isNotEqualTo(fleet.keys().stream().sorted(Comparator.comparing(key -> fleet.entry(key).createdAt())).toList());
    }

    @Test
    default void aPinnedEntryIsNoVictimAndGoesByItsOldPriorityOnceItIsFree() {
        Fleet fleet = gdsf(empty(), 2L, null);
        fleet.put("pinned", "1", 100);
        fleet.pin("pinned", null);
        fleet.put("a", "2", 10);
        fleet.put("b", "3", 10);
        assertThat(evicted(fleet, "c", 10, Description.NONE)).containsExactly("a");
        fleet.unpin("pinned");
        assertThat(fleet.keys()).startsWith("pinned");
        assertThat(evicted(fleet, "d", 10, Description.NONE)).startsWith("pinned");
    }

    /** Entries without a priority go first, in the order of use. */
    @Test
    default void aNamespaceThatChangesFromLruKeepsItsOrderUntilEntriesAreUsed() {
        Fleet fleet = Fleet.withCapacity(empty(), 4);
        fleet.put("a", "1", 1);
        fleet.put("b", "2", 1_000);
        fleet.put("c", "3", 10);
        fleet.change(PolicyChange.ofEvictionPolicy(EvictionPolicy.GDSF));
        assertThat(fleet.keys()).containsExactly("a", "b", "c");
        fleet.get("b");
        fleet.get("a");
        assertThat(fleet.keys()).containsExactly("c", "b", "a");
    }

    @Test
    default void aNamespaceThatReturnsToLruLetsTheOthersGoBeforeWhatIsUsedSince() {
        Fleet fleet = gdsf(empty(), 4L, null);
        evicted(fleet, "dear", 1, labelled(Description.REBUILD_SECONDS, "1000000"));
        fleet.put("b", "2", 10);
        fleet.put("c", "3", 100);
        fleet.change(PolicyChange.ofEvictionPolicy(EvictionPolicy.LRU));
        assertThat(fleet.keys()).containsExactly("c", "b", "dear");
        fleet.get("c");
        fleet.put("d", "4", 10);
        fleet.get("b");
        assertThat(fleet.keys()).containsExactly("dear", "c", "d", "b");
        assertThat(evicted(fleet, "e", 1, Description.NONE)).containsExactly("dear");
        assertThat(evicted(fleet, "f", 1, Description.NONE)).containsExactly("c");
    }

    /** The order of eviction is not the order of last use, so idle entries are anywhere in it. */
    @Test
    default void aPruneByIdlenessFindsAllThatAreIdle() {
        Fleet fleet = gdsf(empty(), null, null);
        fleet.put("small-idle", "1", 1);
        fleet.put("large-idle", "2", 1_000);
        fleet.put("other-idle", "3", 50);
        pass(Duration.ofMinutes(10));
        fleet.put("large-new", "4", 2_000);
        fleet.put("small-new", "5", 2);
        Outcomes.Planning.Made made = fleet.plan(new PlanPurpose.Prune(1L, null, Duration.ofMinutes(5), null));
        assertThat(fleet.victims(made.planId())).containsExactly(
                "large-new OVER_MAX_ENTRIES",
                "large-idle IDLE",
                "other-idle IDLE",
                "small-idle IDLE");
    }

    /** The entries keep their order, so what was counted when the plan was begun still holds. */
    @Test
    default void aPruneThatWasBegunUnderLruNamesNoMoreOnceThePolicyIsAnother() {
        Fleet fleet = Fleet.withCapacity(empty(RegistryRules.DEFAULTS.withPlans(4, Duration.ofHours(1))), 50);
        for (int number = 0; number < 10; number++) {
            fleet.put("idle-" + number, "image", 1);
        }
        pass(Duration.ofMinutes(10));
        for (int number = 0; number < 10; number++) {
            fleet.put("new-" + number, "image", 1);
        }
        Outcomes.Planning begun =
                fleet.registry.execute(new Command.MakePlan(ns(NS), new PlanPurpose.Prune(8L, null, Duration.ofMinutes(5), null)));
        assertThat(((Outcomes.Planning.Made) begun).whole()).isFalse();
        fleet.change(PolicyChange.ofEvictionPolicy(EvictionPolicy.GDSF));
        assertThat(fleet.whole(begun).victims()).isEqualTo(10 + 2);
    }

    @Test
    default void aPlanOfATimeSinceTheLastUseCannotBeAppliedOnceThePolicyIsAnother() {
        Fleet fleet = Fleet.withCapacity(empty(), 50);
        for (int number = 0; number < 10; number++) {
            fleet.put("idle-" + number, "image", 1);
        }
        pass(Duration.ofMinutes(10));
        var planned = (Outcomes.PolicySetting.Planned) fleet.change(PolicyChange.ofMaxIdle(Duration.ofMinutes(5)));
        fleet.whole(planned.plan());
        fleet.change(PolicyChange.ofEvictionPolicy(EvictionPolicy.GDSF));
        assertThat(fleet.registry.execute(new Command.ApplyPlan(planned.plan().planId(), 10)))
                .isInstanceOfSatisfying(
                        Outcomes.Applying.Refused.class,
                        refused -> assertThat(refused.detail()).endsWith(
                                "maxIdle: PT5M (expected: none, unless the namespace's evictionPolicy is LRU)"));
        assertThat(fleet.keys()).hasSize(10);
    }

    @Test
    default void aTimeSinceTheLastUseIsRefused() {
        Fleet fleet = gdsf(empty(), 5L, null);
        assertThatThrownBy(() -> fleet.change(PolicyChange.ofMaxIdle(Duration.ofHours(1))))
                .hasMessage("maxIdle: PT1H (expected: none, unless the namespace's evictionPolicy is LRU)");
        Fleet idle = Fleet.withCapacity(fleet.registry, 5);
        idle.registry.execute(new Command.SetPolicy(ns("idle"), PolicyChange.ofMaxIdle(Duration.ofHours(1))));
        assertThatThrownBy(
                () -> idle.registry.execute(new Command.SetPolicy(ns("idle"), PolicyChange.ofEvictionPolicy(EvictionPolicy.GDSF))))
                .hasMessageStartingWith("maxIdle: PT1H (expected: none");
        fleet.registry.execute(new Command.SetPolicy(ns("builds"), PolicyChange.toArtifacts(Duration.ofHours(3), false)));
        assertThatThrownBy(
                () -> fleet.registry.execute(new Command.SetPolicy(ns("builds"), PolicyChange.ofEvictionPolicy(EvictionPolicy.GDSF))))
                .hasMessage("minResidency: PT3H (expected: none, unless the namespace's evictionPolicy is LRU)");
    }
}
