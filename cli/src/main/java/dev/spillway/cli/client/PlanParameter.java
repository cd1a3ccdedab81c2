package dev.spillway.cli.client;

import dev.spillway.cli.Declaration;
import dev.spillway.events.PlanId;

/** The parameter that names a plan. */
final class PlanParameter {
    @SuppressWarnings("NullAway.Init") // by declare
    private PlanId id;

    void declare(Declaration to) {
        to.parameter("0", "ID", PlanId.class, value -> id = value, "The plan.");
    }

    PlanId id() {
        return id;
    }
}
