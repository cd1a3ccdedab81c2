package dev.spillway.cli.client;

import dev.spillway.events.HostId;
import picocli.CommandLine.Parameters;

/** Which host a command is about. */
final class HostParameter {
    @Parameters(index = "0", paramLabel = "HOST", description = "The host.")
    private HostId id;

    HostId id() {
        return id;
    }
}
