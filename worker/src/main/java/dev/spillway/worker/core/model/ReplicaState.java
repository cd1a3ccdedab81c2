package dev.spillway.worker.core.model;

/** The state of a replica at its host. A staged tree is not in the index yet; a crash removes it. */
public enum ReplicaState {
    /** Whole and in its place; its registration may or may not have arrived. */
    PENDING,
    /** Registered and served to readers. */
    LIVE,
    /** Registered but not served: it waits for its order, or for the registry to close its row. */
    HIDDEN,
    /** Deleted as soon as nobody holds it. */
    DOOMED,
    /** Renamed into the trash and not unlinked yet; no reader finds it. */
    TRASH,
    /** Unlinked; its report is not acknowledged yet. */
    GONE
}
