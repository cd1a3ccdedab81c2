package dev.spillway.worker.filesystem;

import java.io.IOException;
import java.nio.file.Path;

/** Thrown when the store's file system, or a quota on it, is as full as it may be. The tree that was being staged is deleted. */
public final class StoreFullException extends IOException {
    private static final long serialVersionUID = 1;

    public StoreFullException(Path root, String id, IOException cause) {
        super("staging %s in %s: the file system is full: %s".formatted(id, root, cause.getMessage()), cause);
    }

    public StoreFullException(Path root, long usableBytes, long keptBytes) {
        super(
                "store %s: %d bytes are free (expected: %d to stay free beside a new tree, min-free-bytes)".formatted(
                        root,
                        usableBytes,
                        keptBytes));
    }
}
