package dev.spillway.registry;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.PlanId;
import dev.spillway.registry.RegistryQueries.EvictionFilter;
import dev.spillway.registry.RegistryQueries.EvictionView;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.model.Actor;
import dev.spillway.registry.model.Policy;
import dev.spillway.registry.model.PolicyChange;
import dev.spillway.registry.model.PolicyField;
import dev.spillway.registry.plan.PlanPurpose;
import dev.spillway.registry.plan.PlanRow;
import dev.spillway.registry.plan.PlanVictim;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static dev.spillway.registry.Fleet.NS;
import static dev.spillway.registry.Fleet.ns;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

/** A dry run writes only its plan. Applying the plan evicts exactly its victims, or tells why not. */
public interface PlanContract extends RegistryFixture {
    private static PlanPurpose.Prune toEntries(long maxEntries) {
        return new PlanPurpose.Prune(maxEntries, null, null, null);
    }

    private static Fleet filled(Registry registry, int entries) {
        Fleet fleet = Fleet.withCapacity(registry, 10_000);
        IntStream.range(0, entries).forEach(i -> fleet.put("k" + i, "image-" + i));
        return fleet;
    }

    @Test
    default void aDryRunWritesNothingButItsPlan() {
        Fleet fleet = filled(empty(), 5);
        var before = fleet.figures();
        Outcomes.Planning.Made made = fleet.plan(toEntries(2));
        assertThat(made).isEqualTo(new Outcomes.Planning.Made(made.planId(), true, 3, 5, 5));
        assertThat(fleet.victims(made.planId())).containsExactly("k0 OVER_MAX_ENTRIES", "k1 OVER_MAX_ENTRIES", "k2 OVER_MAX_ENTRIES");
        assertThat(fleet.figures()).isEqualTo(before);
        assertThat(fleet.evictions()).isEmpty();
        PlanRow plan = fleet.registry.queries().plan(made.planId()).orElseThrow();
        assertThat(plan.state()).isEqualTo(PlanRow.State.OPEN);
        assertThat(plan.made().victimBytes()).isEqualTo(3);
        assertThat(plan.expiresAt()).isEqualTo(plan.createdAt().plus(Duration.ofHours(24)));
    }

    @Test
    default void anAppliedPlanEvictsExactlyWhatItSaid() {
        Fleet fleet = filled(empty(), 5);
        PlanId id = fleet.plan(toEntries(2)).planId();
        fleet.put("later", "image");
        PlanRow applied = fleet.apply(id);
        assertThat(applied.state()).isEqualTo(PlanRow.State.APPLIED);
        assertThat(applied.applied()).isEqualTo(new PlanRow.Tally(3, 3, 3, 0, 0, 0, 0, null));
        assertThat(fleet.keys()).as("one more than asked for: it came later").containsExactly("k3", "k4", "later");
        assertThat(fleet.evictions()).extracting(eviction -> eviction.fact().cause(), EvictionView::planId, EvictionView::actor)
                .containsOnly(tuple(EvictionCause.PRUNED, id, Actor.ANONYMOUS));
        assertThat(fleet.apply(id)).as("twice is once").isEqualTo(applied);
        assertThat(fleet.evictions()).hasSize(3);
    }

    @Test
    default void whatChangedSinceIsLeftAndTold() {
        Fleet fleet = filled(empty(), 8);
        PlanId id = fleet.plan(toEntries(2)).planId();
        fleet.invalidate("k0", null);
        fleet.put("k1", "another image");
        fleet.pin("k2", null);
        fleet.get("k3");
        fleet.put("k4", "image-4");
        PlanRow applied = fleet.apply(id);
        assertThat(fleet.victims(id)).containsExactly("k0 GONE", "k1 REPLACED", "k2 PINNED", "k3 USED", "k4 USED", "k5 EVICTED");
        assertThat(applied.applied()).isEqualTo(new PlanRow.Tally(6, 1, 1, 1, 1, 1, 2, null));
        assertThat(fleet.registry.queries().planVictims(id, true, null, 3).items()).extracting(PlanVictim::number)
                .containsExactly(1L, 2L, 3L);
        assertThat(fleet.registry.queries().planVictims(id, true, "3", 10).items()).extracting(PlanVictim::number).containsExactly(4L, 5L);
        assertThat(fleet.keys()).containsExactly("k2", "k6", "k7", "k1", "k3", "k4");
    }

    @Test
    default void aKeyThatWentAndCameBackIsAnotherEntry() {
        Fleet fleet = filled(empty(), 2);
        PlanId id = fleet.plan(toEntries(1)).planId();
        fleet.invalidate("k0", null);
        fleet.put("k0", "image-0");
        fleet.apply(id);
        assertThat(fleet.victims(id)).containsExactly("k0 REPLACED");
    }

    @Test
    default void boundsOfNumberBytesAndIdlenessHoldTogether() {
        Fleet fleet = Fleet.withCapacity(empty(), 100);
        fleet.put("idle", "image", 1);
        pass(Duration.ofHours(2));
        fleet.put("a", "image-a", 10);
        fleet.put("b", "image-b", 30);
        fleet.put("c", "image-c", 10);
        fleet.put("d", "image-d", 10);
        Outcomes.Planning.Made made = fleet.plan(new PlanPurpose.Prune(3L, 25L, Duration.ofHours(1), null));
        assertThat(fleet.victims(made.planId())).containsExactly("idle IDLE", "a OVER_MAX_ENTRIES", "b OVER_MAX_BYTES");
    }

    @Test
    default void onlyWhatHasThePrefixIsCountedAndChosen() {
        Fleet fleet = Fleet.withCapacity(empty(), 100);
        for (String key : List.of("x", "é€𝄞/1", "y", "é€𝄞/2", "é€", "é€𝄞/3", "é€𝄞/%", "z", "É€𝄞/4")) {
            fleet.put(key, "image", 5);
        }
        fleet.pin("é€𝄞/1", null);
        assertThat(fleet.victims(fleet.plan(new PlanPurpose.Prune(1L, null, null, new EntryKey("é€𝄞/"))).planId()))
                .containsExactly("é€𝄞/2 OVER_MAX_ENTRIES", "é€𝄞/3 OVER_MAX_ENTRIES");
        assertThat(fleet.victims(fleet.plan(new PlanPurpose.Prune(null, 14L, null, new EntryKey("é€𝄞/"))).planId()))
                .containsExactly("é€𝄞/2 OVER_MAX_BYTES");
        fleet.put("\uDBFF\uDFFF".repeat(256), "image", 5);
        assertThat(fleet.plan(new PlanPurpose.Prune(0L, null, null, new EntryKey("\uDBFF\uDFFF"))).victims()).isOne();
        assertThat(fleet.victims(fleet.plan(new PlanPurpose.Prune(0L, null, null, new EntryKey("_"))).planId())).isEmpty();
        assertThat(fleet.victims(fleet.plan(new PlanPurpose.Prune(0L, null, null, new EntryKey("z"))).planId()))
                .containsExactly("z OVER_MAX_ENTRIES");
    }

    @Test
    default void zeroTakesEverythingThatIsNotPinned() {
        Fleet fleet = filled(empty(), 4);
        fleet.pin("k1", null);
        PlanId id = fleet.plan(toEntries(0)).planId();
        fleet.apply(id);
        assertThat(fleet.keys()).containsExactly("k1");
    }

    @Test
    default void whatIsWithinItsBoundsLosesNothing() {
        Fleet fleet = filled(empty(), 4);
        PlanId id = fleet.plan(toEntries(4)).planId();
        assertThat(fleet.apply(id).applied()).isEqualTo(PlanRow.Tally.NOTHING);
        assertThat(fleet.keys()).hasSize(4);
    }

    @Test
    default void aPlanIsMadeAndAppliedInChunksAndGoesOnWhereItStopped() {
        Fleet fleet = filled(empty(RegistryRules.DEFAULTS.withPlans(7, Duration.ofHours(24))), 50);
        Outcomes.Planning begun = fleet.registry.execute(new Command.MakePlan(ns(NS), toEntries(20)));
        assertThat(begun).isInstanceOfSatisfying(Outcomes.Planning.Made.class, made -> {
            assertThat(made.whole()).isFalse();
            assertThat(made.victims()).isEqualTo(7);
            assertThat(fleet.registry.execute(new Command.ApplyPlan(made.planId(), 10))).as("not whole yet")
                    .isInstanceOf(Outcomes.Applying.Refused.class);
        });
        Outcomes.Planning.Made made = fleet.whole(begun);
        assertThat(made.victims()).isEqualTo(30);
        assertThat(made.isWithinShare()).isFalse();
        assertThat(fleet.registry.execute(new Command.ApplyPlan(made.planId(), 12))).isEqualTo(new Outcomes.Applying.Step(false, 12));
        assertThat(fleet.registry.queries().plan(made.planId()).orElseThrow().state()).isEqualTo(PlanRow.State.APPLYING);
        assertThat(fleet.keys()).hasSize(38);
        fleet.get("k20");
        assertThat(fleet.registry.execute(new Command.ApplyPlan(made.planId(), 12))).isEqualTo(new Outcomes.Applying.Step(false, 11));
        assertThat(fleet.registry.execute(new Command.ApplyPlan(made.planId(), 12))).isEqualTo(new Outcomes.Applying.Step(true, 6));
        assertThat(fleet.registry.execute(new Command.ApplyPlan(made.planId(), 12))).isEqualTo(new Outcomes.Applying.Step(true, 0));
        assertThat(fleet.keys()).hasSize(21);
        assertThat(fleet.evictions(new EvictionFilter(null, null, null, null, made.planId()))).hasSize(29);
    }

    @Test
    default void anExpiredPlanIsNotApplied() {
        Fleet fleet = filled(empty(), 3);
        PlanId id = fleet.plan(toEntries(1)).planId();
        pass(Duration.ofHours(25));
        assertThat(fleet.registry.execute(new Command.ApplyPlan(id, 10))).isInstanceOfSatisfying(
                Outcomes.Applying.Refused.class,
                refused -> assertThat(refused.detail()).contains("expired at"));
        assertThat(fleet.keys()).hasSize(3);
    }

    @Test
    default void plansAreListedNewestFirst() {
        Fleet fleet = filled(empty(), 3);
        fleet.registry.execute(new Command.SetPolicy(ns("other"), PolicyChange.to(5L, null, null)));
        List<PlanId> made = new ArrayList<>();
        for (long left = 3; left > 0; left--) {
            made.addFirst(fleet.plan(toEntries(left)).planId());
            pass(Duration.ofMillis(2));
        }
        PlanId elsewhere = fleet.whole(fleet.registry.execute(new Command.MakePlan(ns("other"), toEntries(1)))).planId();
        RegistryQueries queries = fleet.registry.queries();
        RegistryQueries.Page<PlanRow> first = queries.plans(null, null, 2);
        assertThat(first.items()).extracting(PlanRow::id).containsExactly(elsewhere, made.getFirst());
        RegistryQueries.Page<PlanRow> second = queries.plans(null, first.next(), 2);
        assertThat(second.items()).extracting(PlanRow::id).containsExactly(made.get(1), made.get(2));
        assertThat(second.next()).isNull();
        assertThat(queries.plans(ns(NS), null, 10).items()).extracting(PlanRow::id).isEqualTo(made);
        assertThat(queries.plans(ns("other"), elsewhere.toString(), 10).items()).isEmpty();
        assertThat(queries.plans(ns(NS), null, 1).items()).containsExactly(queries.plan(made.getFirst()).orElseThrow());
        assertThatThrownBy(() -> queries.plans(null, "seven", 10)).hasMessage("after: seven (expected: the next of an earlier page)");
    }

    @Test
    default void aPlanThatNobodyKnowsIsUnknown() {
        Fleet fleet = filled(empty(), 1);
        PlanId id = PlanId.parse("00000000-0000-7000-8000-000000000001");
        assertThat(fleet.registry.execute(new Command.ApplyPlan(id, 10))).isEqualTo(new Outcomes.Applying.Unknown());
        assertThat(fleet.registry.execute(new Command.ExtendPlan(id))).isEqualTo(new Outcomes.Planning.Unknown());
        assertThat(fleet.registry.execute(new Command.MakePlan(ns("nowhere"), toEntries(1)))).isEqualTo(new Outcomes.Planning.Unknown());
        assertThat(fleet.registry.queries().plan(id)).isEmpty();
    }

    @Test
    default void aPruneWithoutABoundIsRefused() {
        assertThatThrownBy(() -> new PlanPurpose.Prune(null, null, null, null)).hasMessageStartingWith("prune: no bound (expected: ");
        assertThatThrownBy(() -> new PlanPurpose.Prune(null, null, null, new EntryKey("x")))
                .hasMessageStartingWith("prune: keyPrefix alone (expected: ");
        assertThatThrownBy(() -> toEntries(-1)).hasMessage("maxEntries: -1 (expected: 0 or more)");
        assertThatThrownBy(() -> new PlanPurpose.Prune(null, -1L, null, null)).hasMessage("maxBytes: -1 (expected: 0 or more)");
        assertThatThrownBy(() -> new PlanPurpose.Prune(null, null, Duration.ZERO, null))
                .hasMessageStartingWith("idleFor: PT0S (expected: ");
    }

    @Test
    default void aPlanForALoweredLimitSetsThePolicyWhenItIsApplied() {
        Fleet fleet = filled(empty(), 20);
        PlanId id = planned(fleet.namespace(NS, 4L));
        assertThat(fleet.figures().policy().maxEntries()).isEqualTo(10_000);
        assertThat(fleet.victims(id)).hasSize(16).allMatch(victim -> victim.endsWith(" OVER_MAX_ENTRIES"));
        fleet.get("k0");
        fleet.put("later", "image");
        PlanRow applied = fleet.apply(id);
        assertThat(applied.applied().evicted()).isEqualTo(15);
        assertThat(applied.applied().beyond()).as("within the share of what is left").isEqualTo(2);
        assertThat(fleet.figures().policy().maxEntries()).isEqualTo(4);
        assertThat(fleet.keys()).containsExactly("k18", "k19", "k0", "later");
        assertThat(fleet.figures().evictions()).isEqualTo(Map.of(EvictionCause.CAPACITY, 17L));
        assertThat(fleet.evictions(new EvictionFilter(null, null, null, EvictionCause.CAPACITY, id))).hasSize(15);
    }

    @Test
    default void aPlanForALoweredLimitDoesNotSetItWhenTooMuchCameSince() {
        Fleet fleet = filled(empty(), 20);
        PlanId id = planned(fleet.namespace(NS, 4L));
        IntStream.range(0, 30).forEach(i -> fleet.put("later-" + i, "image-" + i));
        assertThat(fleet.apply(id).applied()).isEqualTo(new PlanRow.Tally(16, 16, 16, 0, 0, 0, 0, null));
        assertThat(fleet.figures().policy().maxEntries()).isEqualTo(10_000);
        assertThat(fleet.keys()).hasSize(34);
    }

    @Test
    default void aTimeToLiveThatIsOverForMoreThanTheShareIsPlanned() {
        Fleet fleet = filled(empty(), 10);
        pass(Duration.ofMinutes(1));
        PlanId id = planned(fleet.change(PolicyChange.ofTtl(Duration.ofSeconds(1))));
        assertThat(fleet.figures().policy().ttl()).isNull();
        assertThat(fleet.expire(100).evicted()).as("nothing goes unasked").isZero();
        assertThat(fleet.victims(id)).hasSize(10).allMatch(victim -> victim.endsWith(" EXPIRED"));
        fleet.get("k0");
        fleet.put("k1", "another image");
        PlanRow applied = fleet.apply(id);
        assertThat(applied.applied()).as("use does not make it younger").isEqualTo(new PlanRow.Tally(10, 9, 9, 0, 1, 0, 0, 0L));
        assertThat(fleet.figures().policy().ttl()).isEqualTo(Duration.ofSeconds(1));
        assertThat(fleet.keys()).containsExactly("k1");
        assertThat(fleet.evictions(new EvictionFilter(null, null, null, EvictionCause.EXPIRED, id)))
                .extracting(EvictionView::actor)
                .hasSize(9)
                .containsOnly(Actor.ANONYMOUS);
    }

    @Test
    default void anIdleLimitThatIsOverForMoreThanTheShareIsPlanned() {
        Fleet fleet = filled(empty(), 10);
        pass(Duration.ofHours(1));
        IntStream.range(0, 4).forEach(i -> fleet.get("k" + i));
        PlanId id = planned(fleet.change(PolicyChange.ofMaxIdle(Duration.ofMinutes(30))));
        assertThat(fleet.expire(100).evicted()).isZero();
        assertThat(fleet.victims(id)).hasSize(6).allMatch(victim -> victim.endsWith(" IDLE"));
        fleet.get("k4");
        assertThat(fleet.apply(id).applied()).isEqualTo(new PlanRow.Tally(6, 5, 5, 0, 0, 0, 1, 0L));
        assertThat(fleet.keys()).containsExactly("k0", "k1", "k2", "k3", "k4");
        assertThat(fleet.evictions()).extracting(eviction -> eviction.fact().cause()).containsOnly(EvictionCause.IDLE);
    }

    @Test
    default void aTimeWithinTheShareOrOverForAllBeforeIsSetAtOnce() {
        Fleet fleet = filled(empty(), 5);
        pass(Duration.ofHours(1));
        IntStream.range(5, 10).forEach(i -> fleet.put("k" + i, "image-" + i));
        assertThat(fleet.change(PolicyChange.ofTtl(Duration.ofMinutes(30)))).as("half of them")
                .isInstanceOf(Outcomes.PolicySetting.Changed.class);
        pass(Duration.ofHours(1));
        assertThat(fleet.change(PolicyChange.ofTtl(Duration.ofMinutes(40)))).as("a longer one")
                .isInstanceOf(Outcomes.PolicySetting.Changed.class);
        assertThat(
                fleet.change(
                        new PolicyChange(
                                PolicyField.of(PolicyField.TTL, PolicyField.MAX_EVICTION_SHARE),
                                null,
                                null,
                                Duration.ofSeconds(1),
                                null,
                                null,
                                1.0)))
                .as("whoever allows all is not asked")
                .isInstanceOf(Outcomes.PolicySetting.Changed.class);
        assertThat(fleet.expire(100).evicted()).isEqualTo(10);
    }

    @Test
    default void aTimeAndALimitTogetherTakeNoMoreThanTheyMust() {
        Fleet fleet = filled(empty(), 4);
        pass(Duration.ofHours(1));
        IntStream.range(4, 20).forEach(i -> fleet.put("k" + i, "image-" + i));
        IntStream.range(0, 2).forEach(i -> fleet.get("k" + i));
        PlanId id = planned(
                fleet.change(
                        new PolicyChange(
                                PolicyField.of(PolicyField.TTL, PolicyField.MAX_ENTRIES),
                                5L,
                                null,
                                Duration.ofMinutes(30),
                                null,
                                null,
                                null)));
        assertThat(fleet.victims(id)).hasSize(15)
                .startsWith("k2 EXPIRED", "k3 EXPIRED", "k4 OVER_MAX_ENTRIES")
                .endsWith("k14 OVER_MAX_ENTRIES", "k0 EXPIRED", "k1 EXPIRED");
        assertThat(fleet.apply(id).applied().evicted()).isEqualTo(15);
        assertThat(fleet.keys()).containsExactly("k15", "k16", "k17", "k18", "k19");
    }

    @Test
    default void aPlanForATimeIsMadeInPages() {
        Fleet fleet = filled(empty(RegistryRules.DEFAULTS.withPlans(7, Duration.ofHours(24))), 30);
        pass(Duration.ofHours(1));
        IntStream.range(0, 10).forEach(i -> fleet.put("young-" + i, "image"));
        IntStream.range(0, 3).forEach(i -> fleet.get("k" + i));
        Outcomes.Planning.Made made = fleet.whole(
                ((Outcomes.PolicySetting.Planned) fleet.change(PolicyChange.ofTtl(Duration.ofMinutes(1)))).plan());
        assertThat(made).isEqualTo(new Outcomes.Planning.Made(made.planId(), true, 30, 20, 40));
        assertThat(fleet.apply(made.planId()).applied().evicted()).isEqualTo(30);
        assertThat(fleet.keys()).hasSize(10).allMatch(key -> key.startsWith("young-"));
        PlanRow plan = fleet.registry.queries().plan(made.planId()).orElseThrow();
        assertThat(plan.made().selectedEntries()).isEqualTo(40);
    }

    /** Less than the share, but more than one transaction should do. */
    @Test
    default void aLimitThatTakesThousandsIsPlannedToo() {
        Fleet fleet = Fleet.withCapacity(empty(), 10_000);
        FleetHost host = fleet.host("host-1");
        IntStream.range(0, 12).forEach(batch -> host.registerMany("k" + batch + "-", 200));
        Outcomes.Planning.Made made =
                fleet.whole(((Outcomes.PolicySetting.Planned) fleet.namespace(NS, 1_300L)).plan());
        assertThat(made.victims()).isEqualTo(1_100);
        assertThat(made.isWithinShare()).isTrue();
        assertThat(fleet.apply(made.planId()).applied().beyond()).isZero();
        assertThat(fleet.figures().entries()).isEqualTo(1_300);
        assertThat(fleet.namespace(NS, 300L)).as("1,000 at once").isInstanceOf(Outcomes.PolicySetting.Planned.class);
        assertThat(fleet.namespace(NS, 700L)).isEqualTo(new Outcomes.PolicySetting.Changed(new Policy(700L, null, 0.5), 600));
    }

    @Test
    default void theAuditTrailSaysWhoAskedAndCanBeAskedByCauseAndPlan() {
        Fleet fleet = Fleet.withCapacity(empty(), 3);
        FleetHost host = fleet.host("host-1");
        host.holds("a", "image-a");
        host.holds("a", "image-b");
        fleet.put("b", "image-b");
        fleet.invalidate("b", null);
        fleet.put("c", "image-c");
        PlanId id = fleet.plan(toEntries(0)).planId();
        fleet.apply(id);
        assertThat(trail(fleet, null, null)).containsExactlyInAnyOrder(
                "a REPLACED host:host-1",
                "b INVALIDATED client:anonymous",
                "a PRUNED client:anonymous",
                "c PRUNED client:anonymous");
        assertThat(trail(fleet, EvictionCause.PRUNED, null)).hasSize(2);
        assertThat(trail(fleet, EvictionCause.CAPACITY, null)).isEmpty();
        assertThat(trail(fleet, null, id)).hasSize(2).isEqualTo(trail(fleet, EvictionCause.PRUNED, id));
        assertThat(trail(fleet, EvictionCause.REPLACED, id)).isEmpty();
    }

    private static List<String> trail(Fleet fleet, @Nullable EvictionCause cause, @Nullable PlanId plan) {
        return fleet.evictions(new EvictionFilter(null, null, null, cause, plan))
                .stream()
                .map(eviction -> eviction.fact().key() + " " + eviction.fact().cause() + " " + eviction.actor())
                .toList();
    }

    private static PlanId planned(Outcomes.PolicySetting setting) {
        return ((Outcomes.PolicySetting.Planned) setting).plan().planId();
    }
}
