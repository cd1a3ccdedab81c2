package dev.spillway.cli.option;

import dev.spillway.cli.Declaration;
import dev.spillway.events.EntryKey;
import dev.spillway.events.NamespaceName;

/** The parameters that name an entry. */
public final class EntryParameters {
    @SuppressWarnings("NullAway.Init") // by declare
    private NamespaceName namespace;
    @SuppressWarnings("NullAway.Init") // by declare
    private EntryKey key;

    public void declare(Declaration to) {
        declare(to, 0);
    }

    /** @param first index of the namespace among the parameters */
    public void declare(Declaration to, int first) {
        to.parameter(Integer.toString(first), "NS", NamespaceName.class, value -> namespace = value, "The namespace.");
        to.parameter(Integer.toString(first + 1), "KEY", EntryKey.class, value -> key = value, "The key, any text of 1 to 1,024 bytes.");
    }

    public NamespaceName namespace() {
        return namespace;
    }

    public EntryKey key() {
        return key;
    }
}
