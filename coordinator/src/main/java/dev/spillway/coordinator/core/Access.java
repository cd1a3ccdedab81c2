package dev.spillway.coordinator.core;

import dev.spillway.events.EntryKey;
import dev.spillway.events.NamespaceName;

/** Something that moves an entry in the order of use, or is counted, for those who follow how a namespace is used. */
public sealed interface Access {
    NamespaceName namespace();

    /**
     * An entry was put or read, and is now the most recently used one of its namespace.
     *
     * @param use       the namespace's use number
     * @param sizeBytes size of the entry
     * @param cost      cost of making it again
     * @param hits      reads that were counted; 0 where it was put
     * @param isNew     whether the key named no entry before
     */
    record Used(NamespaceName namespace, EntryKey key, long use, long sizeBytes, double cost, long hits, boolean isNew)
            implements Access {}

    /** An entry went for a reason that no larger limit would have prevented. */
    record Removed(NamespaceName namespace, EntryKey key, long use) implements Access {}

    /** Reads were counted that tell nothing of an entry's place: misses, and hits on entries that are gone or were used since. */
    record Counted(NamespaceName namespace, long hits, long misses) implements Access {}
}
