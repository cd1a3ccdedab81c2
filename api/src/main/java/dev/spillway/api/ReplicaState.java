package dev.spillway.api;

/** The state of a copy at its host. */
public enum ReplicaState {
    /** Whole and in its place; its registration may or may not have arrived. */
    PENDING,
    /** Registered and served to readers. */
    LIVE,
    /** Registered but not served: it waits for its order, or for the registry to close its row. */
    HIDDEN,
    /** To be deleted as soon as nobody holds it. */
    DOOMED,
    /** Renamed away; not reachable by key. */
    TRASH,
    /** Unlinked; its report is not acknowledged yet. */
    GONE
}
