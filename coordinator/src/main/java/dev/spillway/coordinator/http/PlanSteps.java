package dev.spillway.coordinator.http;

import dev.spillway.coordinator.core.Command;
import dev.spillway.coordinator.core.Outcomes.Applying;
import dev.spillway.coordinator.core.Outcomes.Planning;
import dev.spillway.events.PlanId;
import dev.spillway.service.http.Request;
import java.util.function.BooleanSupplier;

/** The commands of one request about a plan, one after the other. Each is bounded, so that others get their turn in between. */
final class PlanSteps {
    private static final int APPLY_CHUNK = 1_000;

    private final Commands commands;
    private final Request request;
    private final Commands.Target what;
    private int number;

    PlanSteps(Commands commands, Request request, Commands.Target what) {
        this.commands = commands;
        this.request = request;
        this.what = what;
    }

    <A> A run(Command<A> command) {
        number++;
        return commands.run(request, what, number, command);
    }

    /** Goes on choosing victims until there are no more. */
    Planning.Made whole(Planning.Made begun) {
        Planning.Made made = begun;
        while (!made.whole()) {
            made = switch (run(new Command.ExtendPlan(made.planId()))) {
                case Planning.Made further -> further;
                case Planning.Unknown() -> throw Refusals.unknownPlan(begun.planId());
            };
        }
        return made;
    }

    /** Applies a plan until nothing is left, or until it is {@code enough} for one request. */
    void apply(PlanId id, BooleanSupplier enough) {
        while (true) {
            switch (run(new Command.ApplyPlan(id, APPLY_CHUNK))) {
                case Applying.Step step -> {
                    if (step.finished() || enough.getAsBoolean()) {
                        return;
                    }
                }
                case Applying.Unknown() -> throw Refusals.unknownPlan(id);
                case Applying.Refused(var detail) -> throw Refusals.planNotApplied(detail);
            }
        }
    }
}
