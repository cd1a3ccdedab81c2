package dev.spillway.coordinator.http;

import dev.spillway.events.PlanId;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes.Applying;
import dev.spillway.registry.decide.Outcomes.Planning;
import java.util.function.BooleanSupplier;

/** Makes and applies a plan in the steps of one request. */
final class PlanSteps {
    private static final int APPLY_CHUNK = 1_000;

    private final Steps steps;

    PlanSteps(Steps steps) {
        this.steps = steps;
    }

    /** Chooses victims until the plan is complete. */
    Planning.Made whole(Planning.Made begun) {
        steps.begun(begun.planId());
        Planning.Made made = begun;
        while (!made.whole()) {
            made = switch (steps.run(new Command.ExtendPlan(made.planId()))) {
                case Planning.Made further -> further;
                case Planning.Unknown() -> throw RegistryProblems.unknownPlan(begun.planId());
            };
        }
        return made;
    }

    /** Applies a plan until nothing is left, or until {@code enough} says that the request must end. */
    void apply(PlanId id, BooleanSupplier enough) {
        while (true) {
            switch (steps.run(new Command.ApplyPlan(id, APPLY_CHUNK))) {
                case Applying.Step step -> {
                    steps.evicted(step.evicted());
                    if (step.finished() || enough.getAsBoolean()) {
                        return;
                    }
                }
                case Applying.Unknown() -> throw RegistryProblems.unknownPlan(id);
                case Applying.Refused(var detail) -> throw RegistryProblems.planNotApplied(detail);
            }
        }
    }
}
