package dev.spillway.worker.core.model;

import java.io.IOException;

/** The outcome of moving an image into the trash. */
public sealed interface TrashOutcome {
    /** The image is in the trash now. No reader finds it any more. */
    record Moved() implements TrashOutcome {}

    /** The image was in the trash already. */
    record AlreadyInTrash() implements TrashOutcome {}

    /** Neither the images nor the trash have it. */
    record Absent() implements TrashOutcome {}

    /** It stays where it was. */
    record Failed(IOException cause) implements TrashOutcome {}
}
