package dev.spillway.cli.option;

import dev.spillway.cli.Declaration;
import java.util.UUID;

/** The parameter that names a hold. */
public final class HoldParameter {
    @SuppressWarnings("NullAway.Init") // by declare
    private UUID id;

    public void declare(Declaration to) {
        to.parameter("0", "ID", UUID.class, value -> id = value, "The hold.");
    }

    public UUID id() {
        return id;
    }
}
