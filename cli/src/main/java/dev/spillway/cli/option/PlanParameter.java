package dev.spillway.cli.option;

import dev.spillway.cli.Declaration;
import dev.spillway.events.PlanId;

/** The parameter that names a plan. */
public final class PlanParameter {
    @SuppressWarnings("NullAway.Init") // by declare
    private PlanId id;

    public void declare(Declaration to) {
        to.parameter("0", "ID", PlanId.class, value -> id = value, "The plan.");
    }

    public PlanId id() {
        return id;
    }
}
