package dev.spillway.cli.client;

import dev.spillway.cli.Declaration;
import java.util.UUID;

/** Which hold a command is about. */
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
