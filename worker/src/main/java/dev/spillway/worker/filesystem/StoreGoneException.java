package dev.spillway.worker.filesystem;

import java.io.IOException;
import java.nio.file.Path;

/** Thrown when the path of a store leads to another directory, or to none. */
public final class StoreGoneException extends IOException {
    private static final long serialVersionUID = 1;

    public StoreGoneException(Path store) {
        super(
                "store: %s is not the directory that was opened (expected: its file system, mounted; then start this worker again)"
                        .formatted(store));
    }
}
