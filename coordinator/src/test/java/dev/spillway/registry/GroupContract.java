package dev.spillway.registry;

import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.GroupName;
import dev.spillway.events.PlanId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.model.EntryGroup;
import dev.spillway.registry.model.PolicyChange;
import dev.spillway.registry.plan.PlanPurpose;
import dev.spillway.registry.plan.PlanRow;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/** Groups: their entries are evicted together, in the place of the one that was used last. */
public interface GroupContract extends RegistryFixture {
    private static Fleet artifacts(Registry registry, long maxEntries) {
        Fleet fleet = Fleet.withCapacity(registry, maxEntries);
        fleet.change(PolicyChange.toArtifacts(null, false));
        return fleet;
    }

    private static Registration member(String key, String image, @Nullable String group) {
        EntryName name = Fleet.name(key);
        return new Registration(
                Fleet.newReplicaId(),
                name.namespace(),
                name.key(),
                new SnapshotId(image),
                1,
                Description.NONE,
                null,
                group == null ? null : new GroupName(group));
    }

    private static ReplicaOutcome put(FleetHost host, String key, @Nullable String group) {
        return host.register(member(key, "image-" + key, group)).getFirst();
    }

    private static List<String> evictedBy(ReplicaOutcome outcome) {
        assertThat(outcome).isInstanceOf(ReplicaOutcome.Registered.class);
        return ((ReplicaOutcome.Registered) outcome).evicted().stream().map(evicted -> evicted.key().value()).toList();
    }

    @Test
    default void aFullNamespaceLosesAGroupAsAWholeAndEachHolderIsTold() {
        Fleet fleet = artifacts(empty(), 4);
        FleetHost host = fleet.host("host-1");
        put(host, "part-1", "result");
        put(host, "part-2", "result");
        put(host, "result", "result");
        put(host, "other", null);
        assertThat(evictedBy(put(host, "next", null))).containsExactly("part-1", "part-2", "result");
        assertThat(fleet.keys()).containsExactly("other", "next");
        assertThat(host.ordered()).hasSize(3);
        assertThat(fleet.figures().entries()).isEqualTo(2);
        assertThat(fleet.evictions()).extracting(eviction -> eviction.fact().cause()).containsOnly(EvictionCause.CAPACITY).hasSize(3);
    }

    @Test
    default void theUseOfOneKeepsAllOfItsGroup() {
        Fleet fleet = artifacts(empty(), 5);
        FleetHost host = fleet.host("host-1");
        put(host, "a-1", "a");
        put(host, "a-2", "a");
        put(host, "b-1", "b");
        put(host, "b-2", "b");
        put(host, "c", null);
        host.touch("a-1");
        assertThat(evictedBy(put(host, "d", null))).containsExactly("b-1", "b-2");
        fleet.get("a-2");
        assertThat(evictedBy(put(host, "e", null))).isEmpty();
        assertThat(evictedBy(put(host, "f", null))).containsExactly("c");
        assertThat(evictedBy(put(host, "g", null))).containsExactly("d");
        assertThat(evictedBy(put(host, "h", null))).containsExactly("a-1", "a-2");
    }

    /** Entries that the same transaction put are not stored yet. */
    @Test
    default void aGroupThatIsPutAtOnceIsInOrderAtOnce() {
        Fleet fleet = artifacts(empty(), 4);
        FleetHost host = fleet.host("host-1");
        put(host, "old", null);
        List<ReplicaOutcome> outcomes = host.register(
                member("a-1", "1", "a"),
                member("b", "1", null),
                member("a-2", "1", "a"),
                member("c", "1", null),
                member("d", "1", null),
                member("e", "1", null));
        assertThat(outcomes.stream().flatMap(outcome -> evictedBy(outcome).stream())).containsExactly("old", "b", "a-1", "a-2");
        assertThat(fleet.keys()).containsExactly("c", "d", "e");
    }

    @Test
    default void noPutEvictsItsOwnGroup() {
        Fleet fleet = artifacts(empty(), 2);
        FleetHost host = fleet.host("host-1");
        put(host, "part-1", "result");
        put(host, "other", null);
        assertThat(evictedBy(put(host, "part-2", "result"))).containsExactly("other");
        assertThat(put(host, "result", "result")).isInstanceOfSatisfying(ReplicaOutcome.Refused.class, refused -> {
            assertThat(refused.reason()).isEqualTo(ReplicaOutcome.Reason.NO_ROOM);
            assertThat(refused.detail()).contains("maxEntries 2", "group");
        });
        assertThat(fleet.keys()).containsExactly("part-1", "part-2");
    }

    @Test
    default void oneThatIsInvalidatedOrLostTakesItsGroupAlong() {
        Fleet fleet = artifacts(empty(), 10);
        FleetHost host = fleet.host("host-1");
        FleetHost second = fleet.host("host-2");
        put(host, "a-1", "a");
        put(host, "a-2", "a");
        fleet.invalidate("a-2", null);
        assertThat(fleet.keys()).isEmpty();
        ReplicaId lost = Fleet.newReplicaId();
        EntryName name = Fleet.name("b-1");
        host.register(
                new Registration(lost, name.namespace(), name.key(), new SnapshotId("1"), 1, Description.NONE, null, new GroupName("b")));
        put(second, "b-2", "b");
        put(second, "b-3", "b");
        host.drop(DropRequest.Reason.BOUNDS, lost);
        assertThat(fleet.keys()).isEmpty();
        assertThat(second.ordered()).as("the copies on another host go, too").hasSize(2);
        assertThat(fleet.evictions()).extracting(eviction -> eviction.fact().key().value(), eviction -> eviction.fact().cause())
                .contains(tuple("b-3", EvictionCause.PRESSURE), tuple("a-1", EvictionCause.INVALIDATED));
    }

    @Test
    default void anEntryThatIsReplacedOrMovedLeavesItsOldGroupInItsOldPlace() {
        Fleet fleet = artifacts(empty(), 4);
        FleetHost host = fleet.host("host-1");
        put(host, "a-1", "a");
        put(host, "b", null);
        put(host, "a-2", "a");
        host.register(member("a-2", "another image", "c"));
        put(host, "c-2", "c");
        assertThat(fleet.keys()).containsExactly("a-1", "b", "a-2", "c-2");
        assertThat(evictedBy(put(host, "d", null))).as("it led its group no more, so its place is its own again").containsExactly("a-1");
        host.touch("b");
        assertThat(evictedBy(put(host, "e", null))).containsExactly("a-2", "c-2");
    }

    @Test
    default void aGroupIsPinnedAsAWhole() {
        Fleet fleet = artifacts(empty(), 2);
        FleetHost host = fleet.host("host-1");
        put(host, "a-1", "a");
        put(host, "a-2", "a");
        fleet.pin("a-1", null);
        assertThat(fleet.figures().pinnedEntries()).isEqualTo(2);
        put(host, "a-3", "a");
        assertThat(fleet.figures().pinnedEntries()).as("whoever comes to it is pinned").isEqualTo(3);
        put(host, "b", null);
        put(host, "c", null);
        assertThat(evictedBy(put(host, "d", null))).containsExactly("b");
        fleet.unpin("a-2");
        assertThat(fleet.figures().pinnedEntries()).isZero();
        assertThat(evictedBy(put(host, "e", null))).containsExactly("a-1", "a-2", "a-3", "c");
        fleet.pin("d", null);
        host.register(member("d", "image-d", "b"), member("f", "image-f", "b"));
        assertThat(fleet.entry("f").pin()).isNotNull();
    }

    @Test
    default void timeEndsAGroupWithItsOldestAndIdlenessWithItsLastUse() {
        Fleet fleet = artifacts(empty(), 10);
        FleetHost host = fleet.host("host-1");
        fleet.change(PolicyChange.ofMaxIdle(Duration.ofHours(4)));
        put(host, "a-1", "a");
        put(host, "a-2", "a");
        pass(Duration.ofHours(3));
        host.touch("a-1");
        pass(Duration.ofHours(3));
        assertThat(fleet.expire(10).evicted()).isZero();
        assertThat(fleet.get("a-2")).as("its group was used").isEqualTo("image-a-2");
        pass(Duration.ofHours(4));
        assertThat(fleet.get("a-1")).isNull();
        assertThat(fleet.keys()).isEmpty();
        put(host, "b-1", "b");
        fleet.change(PolicyChange.ofTtl(Duration.ofHours(4)));
        pass(Duration.ofHours(3));
        put(host, "b-2", "b");
        pass(Duration.ofHours(1));
        put(host, "b-3", "b");
        assertThat(fleet.keys()).as("the put began the group anew").containsExactly("b-3");
        pass(Duration.ofHours(3));
        put(host, "b-4", "b");
        pass(Duration.ofHours(1));
        assertThat(fleet.expire(10).evicted()).isEqualTo(2);
    }

    @Test
    default void aGroupHasABound() {
        Fleet fleet = artifacts(empty(), 10_000);
        FleetHost host = fleet.host("host-1");
        host.register(IntStream.range(0, EntryGroup.ENTRIES_MAX).mapToObj(i -> member("k" + i, "1", "a")).toArray(Registration[]::new));
        assertThat(put(host, "one-more", "a")).isInstanceOfSatisfying(
                ReplicaOutcome.Refused.class,
                refused -> assertThat(refused.reason()).isEqualTo(ReplicaOutcome.Reason.GROUP_FULL));
        assertThat(host.register(member("k7", "2", "a")).getFirst()).isInstanceOf(ReplicaOutcome.Registered.class);
        fleet.invalidate("k9", null);
        assertThat(fleet.figures().entries()).isZero();
    }

    @Test
    default void aPlanNamesWholeGroupsAndNeverDividesOne() {
        Fleet fleet = artifacts(empty(RegistryRules.DEFAULTS.withPlans(2, Duration.ofHours(24))), 100);
        FleetHost host = fleet.host("host-1");
        put(host, "a-1", "a");
        put(host, "b", null);
        put(host, "a-2", "a");
        put(host, "a-3", "a");
        put(host, "c", null);
        put(host, "d", null);
        Outcomes.Planning.Made made = fleet.plan(new PlanPurpose.Prune(2L, null, null, null));
        assertThat(fleet.victims(made.planId())).containsExactly(
                "b OVER_MAX_ENTRIES",
                "a-3 OVER_MAX_ENTRIES",
                "a-2 OVER_MAX_ENTRIES",
                "a-1 OVER_MAX_ENTRIES");
        assertThat(made.victims()).isEqualTo(4);
        assertThat(fleet.registry.execute(new Command.ApplyPlan(made.planId(), 2)))
                .isEqualTo(new Outcomes.Applying.Step(true, 4));
        assertThat(fleet.keys()).containsExactly("c", "d");
    }

    @Test
    default void aPlanLeavesAGroupThatWasUsedSince() {
        Fleet fleet = artifacts(empty(), 100);
        FleetHost host = fleet.host("host-1");
        put(host, "a-1", "a");
        put(host, "a-2", "a");
        put(host, "b", null);
        PlanId id = fleet.plan(new PlanPurpose.Prune(0L, null, null, null)).planId();
        host.touch("a-1");
        assertThat(fleet.apply(id).applied()).isEqualTo(new PlanRow.Tally(3, 1, 1, 0, 0, 0, 2, null));
        assertThat(fleet.keys()).containsExactly("a-2", "a-1");
    }

    @Test
    default void aPrefixChoosesGroupsOfWhichItNamesOne() {
        Fleet fleet = artifacts(empty(), 100);
        FleetHost host = fleet.host("host-1");
        put(host, "cas/1", "a");
        put(host, "ac/1", "a");
        put(host, "cas/2", null);
        put(host, "ac/3", null);
        PlanId id = fleet.plan(new PlanPurpose.Prune(1L, null, null, new EntryKey("ac/"))).planId();
        assertThat(fleet.victims(id)).containsExactly("ac/1 OVER_MAX_ENTRIES", "cas/1 OVER_MAX_ENTRIES");
        fleet.apply(id);
        assertThat(fleet.keys()).containsExactly("cas/2", "ac/3");
    }

    @Test
    default void aShareCountsWholeGroups() {
        Fleet fleet = artifacts(empty(), 100);
        FleetHost host = fleet.host("host-1");
        IntStream.range(0, 8).forEach(i -> put(host, "a-" + i, "a"));
        IntStream.range(0, 8).forEach(i -> put(host, "b-" + i, "b"));
        assertThat(fleet.namespace(Fleet.NS, 12L)).as("8 of 16 are the share")
                .isEqualTo(new Outcomes.PolicySetting.Changed(fleet.figures().policy(), 8));
        IntStream.range(8, 12).forEach(i -> put(host, "b-" + i, "b"));
        assertThat(fleet.namespace(Fleet.NS, 11L)).isInstanceOf(Outcomes.PolicySetting.Planned.class);
        assertThat(fleet.keys()).hasSize(12);
    }
}
