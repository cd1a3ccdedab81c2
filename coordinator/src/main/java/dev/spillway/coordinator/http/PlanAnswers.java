package dev.spillway.coordinator.http;

import dev.spillway.api.body.Plans;
import dev.spillway.events.PlanId;
import dev.spillway.registry.model.PolicyChange;
import dev.spillway.registry.model.PolicyField;
import dev.spillway.registry.plan.PlanPurpose;
import dev.spillway.registry.plan.PlanRow;
import dev.spillway.registry.plan.PlanVictim;
import dev.spillway.service.http.Paging;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Builds the answers about plans. */
final class PlanAnswers {
    private PlanAnswers() {}

    /** Returns the name of a plan's list of victims. */
    static String victimsOf(PlanId plan) {
        return "victims of " + plan;
    }

    /**
     * @param hitRateCost absent in lists
     * @param victims absent in lists
     * @param next cursor after these victims
     */
    static Plans.Plan plan(PlanRow plan, @Nullable Double hitRateCost, @Nullable List<Plans.Victim> victims, @Nullable String next) {
        boolean begun = plan.state() == PlanRow.State.APPLYING || plan.state() == PlanRow.State.APPLIED;
        boolean setting = plan.state() == PlanRow.State.APPLIED && plan.purpose() instanceof PlanPurpose.SetPolicy;
        return new Plans.Plan(
                plan.id(),
                plan.namespace(),
                purpose(plan.purpose()),
                Plans.State.valueOf(plan.state().name()),
                plan.actor().value(),
                plan.made().namespaceEntries(),
                plan.made().allowed(),
                plan.made().victims(),
                plan.made().victimBytes(),
                begun ? null : hitRateCost,
                begun ? applied(plan.applied(), plan.made().victims()) : null,
                setting ? !plan.isPolicyNotSet() : null,
                victims,
                Paging.next(victimsOf(plan.id()), next),
                plan.createdAt(),
                plan.expiresAt(),
                plan.appliedAt());
    }

    static Plans.Victim victim(PlanVictim victim) {
        PlanVictim.Outcome outcome = victim.outcome();
        return new Plans.Victim(
                victim.number(),
                victim.key(),
                victim.snapshotId(),
                victim.generation(),
                victim.sizeBytes(),
                Plans.Reason.valueOf(victim.reason().name()),
                outcome == null ? null : Plans.Outcome.valueOf(outcome.name()));
    }

    private static Plans.Purpose purpose(PlanPurpose purpose) {
        return switch (purpose) {
            case PlanPurpose.Prune(var maxEntries, var maxBytes, var idleFor, var keyPrefix, var _) ->
                    new Plans.ToPrune(maxEntries, maxBytes, idleFor, keyPrefix);
            case PlanPurpose.SetPolicy(PolicyChange change) -> new Plans.ToSetPolicy(
                    new Plans.PolicyChange(
                            change.given().stream().map(PolicyField::toString).toList(),
                            change.maxEntries(),
                            change.maxBytes(),
                            change.ttl(),
                            change.maxIdle(),
                            change.lowWatermark(),
                            change.maxEvictionShare(),
                            change.backend(),
                            change.minResidency(),
                            change.writeOnce(),
                            change.evictionPolicy()));
        };
    }

    private static Plans.Applied applied(PlanRow.Tally tally, long victims) {
        return new Plans.Applied(
                tally.evicted(),
                tally.evictedBytes(),
                tally.gone(),
                tally.replaced(),
                tally.pinned(),
                tally.used(),
                victims - tally.done(),
                tally.beyond());
    }
}
