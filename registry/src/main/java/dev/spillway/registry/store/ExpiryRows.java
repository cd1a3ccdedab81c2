package dev.spillway.registry.store;

import dev.spillway.events.NamespaceName;
import dev.spillway.registry.model.EntryRow;
import java.time.Instant;
import java.util.List;

/** Stored rows whose time has come. Locks and reads as {@link Rows} says. */
public interface ExpiryRows {
    /**
     * Returns namespaces in which something is due, sorted and not locked. An entry's time to live or idle limit is over, a pin ended, or a low
     * watermark is still to be reached.
     */
    List<NamespaceName> namespacesDue(int limit);

    /** Locks entries whose pins ended before now exclusively, first ended first. The caller holds the namespace. */
    List<EntryRow> lockPinsEnded(NamespaceName namespace, int limit);

    /** Locks unpinned entries created until {@code latest} exclusively, oldest first. The caller holds the namespace. */
    List<EntryRow> lockCreatedUntil(NamespaceName namespace, Instant latest, int limit);
}
