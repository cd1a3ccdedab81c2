package dev.spillway.api.body;

/** The state of a copy at its host. */
public enum CopyState {
    /** Complete and in its place, but its registration is not confirmed. */
    PENDING,
    /** Registered and served to readers. */
    LIVE,
    /** Registered but not served. It waits for its order, or for the registry to close its row. */
    HIDDEN,
    /** Deleted as soon as no hold is left. */
    DOOMED,
    /** Moved to the trash; not reachable by key. */
    TRASH,
    /** Deleted from the disk; its report is not acknowledged yet. */
    GONE
}
