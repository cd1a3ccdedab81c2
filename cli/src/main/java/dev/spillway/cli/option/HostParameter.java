package dev.spillway.cli.option;

import dev.spillway.cli.Declaration;
import dev.spillway.events.HostId;

/** The parameter that names a host. */
public final class HostParameter {
    @SuppressWarnings("NullAway.Init") // by declare
    private HostId id;

    public void declare(Declaration to) {
        to.parameter("0", "HOST", HostId.class, value -> id = value, "The host.");
    }

    public HostId id() {
        return id;
    }
}
