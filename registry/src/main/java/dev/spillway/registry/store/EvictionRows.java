package dev.spillway.registry.store;

import dev.spillway.events.EvictionFact;
import dev.spillway.registry.model.Holding;
import dev.spillway.registry.store.Rows.DueFact;
import dev.spillway.registry.store.Rows.Ended;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Evictions as stored. Locks and reads as {@link Rows} says. */
public interface EvictionRows {
    /** Evictions whose facts are due to be published, locked; those locked elsewhere are passed over. */
    List<DueFact> lockDueFacts(int limit);

    /** Locks one eviction that left holders undoomed. Skips those locked elsewhere. */
    List<EvictionFact> lockUnfinishedEvictions(int limit);

    /**
     * Returns, per generation of an entry, its end since the restore, or that of the next higher generation that ended. An end before the restore
     * counts while its last holders are still to be doomed. A generation without an end is absent. The caller holds the entries' namespaces.
     */
    Map<Holding, Ended> endedSinceRestore(Collection<Holding> generations);
}
