package dev.spillway.cli.option;

import dev.spillway.cli.Declaration;
import dev.spillway.events.NamespaceName;

/** The parameter that names a namespace. */
public final class NamespaceParameter {
    @SuppressWarnings("NullAway.Init") // by declare
    private NamespaceName name;

    public void declare(Declaration to) {
        to.parameter("0", "NS", NamespaceName.class, value -> name = value, "The namespace.");
    }

    public NamespaceName name() {
        return name;
    }
}
