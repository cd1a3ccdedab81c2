package dev.spillway.cli.client;

import dev.spillway.events.PlanId;
import picocli.CommandLine.Parameters;

/** Which plan a command is about. */
final class PlanParameter {
    @Parameters(index = "0", paramLabel = "ID", description = "The plan.")
    private PlanId id;

    PlanId id() {
        return id;
    }
}
