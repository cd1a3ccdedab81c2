package dev.spillway.cli.client;

import dev.spillway.cli.Declaration;
import java.util.UUID;

/** The parameter that names a hold. */
final class HoldParameter {
    @SuppressWarnings("NullAway.Init") // by declare
    private UUID id;

    void declare(Declaration to) {
        to.parameter("0", "ID", UUID.class, value -> id = value, "The hold.");
    }

    UUID id() {
        return id;
    }
}
