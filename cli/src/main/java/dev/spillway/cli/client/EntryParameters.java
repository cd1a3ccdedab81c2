package dev.spillway.cli.client;

import dev.spillway.events.EntryKey;
import dev.spillway.events.NamespaceName;
import picocli.CommandLine.Parameters;

/** Which entry a command is about. */
final class EntryParameters {
    @Parameters(index = "0", paramLabel = "NS", description = "The namespace.")
    private NamespaceName namespace;
    @Parameters(index = "1", paramLabel = "KEY", description = "The key, any text of 1 to 1,024 bytes.")
    private EntryKey key;

    NamespaceName namespace() {
        return namespace;
    }

    EntryKey key() {
        return key;
    }
}
