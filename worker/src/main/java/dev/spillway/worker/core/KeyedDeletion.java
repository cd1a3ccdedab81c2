package dev.spillway.worker.core;

import dev.spillway.events.SnapshotId;

/** The state of an idempotency key that a deletion comes with. */
public sealed interface KeyedDeletion {
    /**
     * The registry is to be asked in the key's name.
     *
     * @param first whether nobody asked with this key before
     */
    record Begun(boolean first) implements KeyedDeletion {}

    /** The registry has deleted the entry, which named this snapshot. */
    record Done(SnapshotId snapshot) implements KeyedDeletion {}

    /** The key came with another request before. */
    record KeyTaken() implements KeyedDeletion {}
}
