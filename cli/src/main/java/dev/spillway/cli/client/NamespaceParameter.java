package dev.spillway.cli.client;

import dev.spillway.events.NamespaceName;
import picocli.CommandLine.Parameters;

/** Which namespace a command is about. */
final class NamespaceParameter {
    @Parameters(index = "0", paramLabel = "NS", description = "The namespace.")
    private NamespaceName name;

    NamespaceName name() {
        return name;
    }
}
