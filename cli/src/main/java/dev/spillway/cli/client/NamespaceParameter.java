package dev.spillway.cli.client;

import dev.spillway.cli.Declaration;
import dev.spillway.events.NamespaceName;

/** The parameter that names a namespace. */
final class NamespaceParameter {
    @SuppressWarnings("NullAway.Init") // by declare
    private NamespaceName name;

    void declare(Declaration to) {
        to.parameter("0", "NS", NamespaceName.class, value -> name = value, "The namespace.");
    }

    NamespaceName name() {
        return name;
    }
}
