package dev.spillway.cli.client;

import dev.spillway.cli.Declaration;
import dev.spillway.events.HostId;

/** The parameter that names a host. */
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
