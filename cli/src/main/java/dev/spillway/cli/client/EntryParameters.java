package dev.spillway.cli.client;

import dev.spillway.cli.Declaration;
import dev.spillway.events.EntryKey;
import dev.spillway.events.NamespaceName;

/** The parameters that name an entry. */
final class EntryParameters {
    @SuppressWarnings("NullAway.Init") // by declare
    private NamespaceName namespace;
    @SuppressWarnings("NullAway.Init") // by declare
    private EntryKey key;

    void declare(Declaration to) {
        declare(to, 0);
    }

    /** @param first index of the namespace among the parameters */
    void declare(Declaration to, int first) {
        to.parameter(Integer.toString(first), "NS", NamespaceName.class, value -> namespace = value, "The namespace.");
        to.parameter(Integer.toString(first + 1), "KEY", EntryKey.class, value -> key = value, "The key, any text of 1 to 1,024 bytes.");
    }

    NamespaceName namespace() {
        return namespace;
    }

    EntryKey key() {
        return key;
    }
}
