package dev.spillway.worker.filesystem.store;

import dev.spillway.worker.core.model.UnlinkOutcome;
import dev.spillway.worker.filesystem.tree.SourceLeft;
import java.nio.file.Path;

/** The outcome for the source of a tree that was offered by move, once the image is registered. */
public sealed interface SettleOutcome {
    /** The tree was not offered by move, or is settled already. */
    record NothingOffered() implements SettleOutcome {}

    /** The source itself is the image, and belongs to the store from now on. */
    record Released() implements SettleOutcome {}

    /** The image is a copy, and its source is deleted. */
    record SourceDeleted(UnlinkOutcome outcome) implements SettleOutcome {}

    /** The image is a copy, and its source, or a part of it, was not deleted. */
    record SourceKept(Path source, SourceLeft left) implements SettleOutcome {}
}
