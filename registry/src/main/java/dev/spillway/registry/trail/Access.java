package dev.spillway.registry.trail;

import dev.spillway.events.EntryKey;
import dev.spillway.events.NamespaceName;

/** An access to a namespace: a use or a removal of an entry, or a count of reads. Hit-rate curves are computed from these. */
public sealed interface Access {
    NamespaceName namespace();

    /**
     * An entry was put or read, and is now the most recently used one of its namespace.
     *
     * @param use       the namespace's use number
     * @param sizeBytes size of the entry
     * @param cost      cost of rebuilding its image
     * @param hits      number of counted reads; 0 for a put
     * @param isNew     whether the key named no entry before
     */
    record Used(NamespaceName namespace, EntryKey key, long use, long sizeBytes, double cost, long hits, boolean isNew)
            implements Access {}

    /** An entry was removed for a reason other than capacity, so a larger limit would not have kept it. */
    record Removed(NamespaceName namespace, EntryKey key, long use) implements Access {}

    /** Reads that are counted and do not move an entry in the order of use: misses, and hits on entries that are gone or were used later. */
    record Counted(NamespaceName namespace, long hits, long misses) implements Access {}
}
