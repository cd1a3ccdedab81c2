package dev.spillway.worker.filesystem.store;

/** The outcome of publishing a staged tree. */
public enum PublishOutcome {
    /** Readers see the whole tree by its path, also after power loss. */
    PUBLISHED,
    /** It was published earlier, and still is. */
    ALREADY_PUBLISHED,
    /** Neither staging nor the images have it. */
    ABSENT
}
