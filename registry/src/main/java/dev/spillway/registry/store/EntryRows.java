package dev.spillway.registry.store;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import dev.spillway.registry.model.EntryGroup;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Place;
import dev.spillway.registry.model.Selection;
import dev.spillway.registry.plan.TimeBounds;
import dev.spillway.registry.store.Rows.EntryLock;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;

/** Entries as stored. Locks and reads as {@link Rows} says. */
public interface EntryRows {
    /** Locks and returns the existing entries among {@code names}. */
    Map<EntryName, EntryRow> lockEntries(SortedSet<EntryName> names, EntryLock lock);

    /**
     * Locks up to {@code limit} unpinned entries behind {@code after} in the order of eviction, exclusively. Of each group it is the one that was used
     * last. The caller holds the namespace.
     */
    List<EntryRow> lockVictims(NamespaceName namespace, Place after, int limit);

    /** Does the same as {@link #lockVictims} without locking. */
    List<EntryRow> victims(NamespaceName namespace, Place after, int limit);

    /** Locks all entries of these groups exclusively, in the order of their names. The caller holds the namespaces. */
    List<EntryRow> lockGroups(SortedSet<EntryGroup> groups);

    /** Does the same as {@link #lockGroups} without locking. */
    List<EntryRow> groups(SortedSet<EntryGroup> groups);

    /** Counts the unpinned entries whose keys begin with {@code prefix}; not locked. */
    Selection countUnpinned(NamespaceName namespace, EntryKey prefix);

    /**
     * Counts the unpinned entries whose keys begin with {@code prefix}, and whose time is over by {@code times} or that of one of their group; not
     * locked.
     */
    Selection countOverdue(NamespaceName namespace, TimeBounds times, String prefix);

    /** Pinned entries in the order of eviction, locked exclusively. The caller holds the namespace. */
    List<EntryRow> lockPinned(NamespaceName namespace, int limit);
}
