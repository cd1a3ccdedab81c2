package dev.spillway.coordinator.http;

import dev.spillway.coordinator.core.Actor;
import dev.spillway.coordinator.core.PlanPurpose;
import dev.spillway.coordinator.core.PlanRow;
import dev.spillway.coordinator.core.PlanVictim;
import dev.spillway.events.EntryKey;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import dev.spillway.events.SnapshotId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A plan and what became of it.
 *
 * @param actor            who asked for it
 * @param namespaceEntries entries of the namespace when it was made
 * @param allowed          how many of them may go without asking
 * @param applied          absent until it is applied
 * @param policySet        of an applied plan that was to set a policy: whether it is set
 * @param victims          before it is applied all victims, after that those that were not evicted and why; the first 100
 * @param next             what {@code ?after=} of {@code /v1/plans/{id}/victims} is to see more of them; absent when these are all
 */
public record PlanAnswer(PlanId id, NamespaceName namespace, PlanPurpose purpose, PlanRow.State state, Actor actor, long namespaceEntries,
        long allowed, long victimCount, long victimBytes, @Nullable Applied applied, @Nullable Boolean policySet, List<Victim> victims,
        @Nullable String next, Instant createdAt, Instant expiresAt, @Nullable Instant appliedAt) {
    /**
     * What became of the victims.
     *
     * @param remaining how many were not looked at yet
     * @param beyond    entries that went besides, because they came after the plan and its new limits left no room for them
     */
    public record Applied(long evicted, long evictedBytes, long gone, long replaced, long pinned, long used, long remaining,
            @Nullable Long beyond) {}

    /**
     * An entry that is to go.
     *
     * @param outcome what became of it; absent until the plan is applied
     */
    public record Victim(long number, EntryKey key, SnapshotId snapshotId, long generation, long sizeBytes, PlanVictim.Reason reason,
            PlanVictim.@Nullable Outcome outcome) {
        static Victim of(PlanVictim victim) {
            return new Victim(victim.number(), victim.key(), victim.snapshotId(), victim.generation(), victim.sizeBytes(), victim.reason(),
                    victim.outcome());
        }
    }

    static PlanAnswer of(PlanRow plan, List<Victim> victims, @Nullable String next) {
        boolean begun = plan.state() == PlanRow.State.APPLYING || plan.state() == PlanRow.State.APPLIED;
        boolean setting = plan.state() == PlanRow.State.APPLIED && plan.purpose() instanceof PlanPurpose.SetPolicy;
        return new PlanAnswer(plan.id(), plan.namespace(), plan.purpose(), plan.state(), plan.actor(), plan.made().namespaceEntries(),
                plan.made().allowed(), plan.made().victims(), plan.made().victimBytes(),
                begun ? applied(plan.applied(), plan.made().victims()) : null, setting ? plan.applied().beyond() != null : null, victims,
                next, plan.createdAt(), plan.expiresAt(), plan.appliedAt());
    }

    private static Applied applied(PlanRow.Tally tally, long victims) {
        return new Applied(tally.evicted(), tally.evictedBytes(), tally.gone(), tally.replaced(), tally.pinned(), tally.used(),
                victims - tally.done(), tally.beyond());
    }
}
