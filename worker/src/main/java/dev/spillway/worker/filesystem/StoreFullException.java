package dev.spillway.worker.filesystem;

import java.io.IOException;
import java.nio.file.Path;

/** The file system of the store, or a quota on it, is full. What was being staged is gone from staging. */
public final class StoreFullException extends IOException {
    private static final long serialVersionUID = 1;

    StoreFullException(Path root, String id, IOException cause) {
        super("staging %s in %s: the file system is full: %s".formatted(id, root, cause.getMessage()), cause);
    }
}
