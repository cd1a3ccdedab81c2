package dev.spillway.cli.client;

import dev.spillway.cli.Declaration;
import dev.spillway.events.HostId;

/** Which host a command is about. */
final class HostParameter {
    @SuppressWarnings("NullAway.Init") // by declare
    private HostId id;

    void declare(Declaration to) {
        to.parameter("0", "HOST", HostId.class, value -> id = value, "The host.");
    }

    HostId id() {
        return id;
    }
}
