package dev.spillway.cli.client;

import java.util.UUID;
import picocli.CommandLine.Parameters;

/** Which hold a command is about. */
final class HoldParameter {
    @Parameters(index = "0", paramLabel = "ID", description = "The hold.")
    private UUID id;

    UUID id() {
        return id;
    }
}
