package dev.spillway.worker.core;

import java.io.IOException;

/** The outcome of moving an image out of its readers' reach. */
public sealed interface TrashOutcome {
    /** It was an image and is now in the trash. Readers do not reach it any more. */
    record Moved() implements TrashOutcome {}

    /** It is in the trash since earlier. */
    record AlreadyInTrash() implements TrashOutcome {}

    /** Neither the images nor the trash have it. */
    record Absent() implements TrashOutcome {}

    /** It stays where it was. */
    record Failed(IOException cause) implements TrashOutcome {}
}
