package dev.spillway.registry.model;

import dev.spillway.events.GroupName;
import dev.spillway.events.NamespaceName;

/** Names a group of entries, which are evicted together. */
public record EntryGroup(NamespaceName namespace, GroupName name) implements Comparable<EntryGroup> {
    /** Largest number of entries. All of them go in one transaction. */
    public static final int ENTRIES_MAX = 1_000;

    @Override
    public int compareTo(EntryGroup other) {
        int byNamespace = namespace.compareTo(other.namespace);
        return byNamespace != 0 ? byNamespace : name.compareTo(other.name);
    }
}
