package dev.spillway.worker.filesystem.store;

import java.io.IOException;
import java.nio.file.Path;

/** Another process, or this one, has the store open. */
public final class StoreInUseException extends IOException {
    private static final long serialVersionUID = 1;

    StoreInUseException(Path root, String holder) {
        super("store %s: is in use by %s (expected: one process per store)".formatted(root, holder));
    }
}
