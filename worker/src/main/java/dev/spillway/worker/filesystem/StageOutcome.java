package dev.spillway.worker.filesystem;

/** The outcome of staging a tree. */
public sealed interface StageOutcome {
    /**
     * The whole tree is in staging and survives power loss.
     *
     * @param sizeBytes allocated blocks of everything in it, directories included, a hard-linked file once
     */
    record Staged(long sizeBytes, StageFigures figures) implements StageOutcome {}

    /** The tree holds more than was allowed; nothing of it is left in staging. */
    record TooLarge(long maxBytes) implements StageOutcome {}

    /**
     * The tree or archive cannot be taken as it is; nothing of it is left in staging.
     *
     * @param path the entry that was refused, below the root of the tree; {@code .} for the root itself
     * @param detail the offending value and the expectation
     */
    record Refused(RefusalReason reason, String path, String detail) implements StageOutcome {}
}
