package dev.spillway.worker.filesystem.store;

import java.io.IOException;
import java.nio.file.Path;

/** Thrown when the store is asked to delete a tree that was taken over by rename and is not settled. */
public final class OfferedTreeException extends IOException {
    private static final long serialVersionUID = 1;

    OfferedTreeException(String id, Path path) {
        super("%s: was taken over from %s by rename (expected: settled or given back before it is deleted)".formatted(id, path));
    }
}
