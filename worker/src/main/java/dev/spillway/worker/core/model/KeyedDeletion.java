package dev.spillway.worker.core.model;

import dev.spillway.events.SnapshotId;

/** The state of an idempotency key that a deletion comes with. */
public sealed interface KeyedDeletion {
    /**
     * The caller asks the registry, with this key.
     *
     * @param first whether no earlier request had this key
     */
    record Begun(boolean first) implements KeyedDeletion {}

    /** The registry has deleted the entry, which named this snapshot. */
    record Done(SnapshotId snapshot) implements KeyedDeletion {}

    /** The key came with another request before. */
    record KeyTaken() implements KeyedDeletion {}
}
