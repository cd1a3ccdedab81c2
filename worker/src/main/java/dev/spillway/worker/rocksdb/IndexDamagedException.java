package dev.spillway.worker.rocksdb;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Thrown when an index cannot be read: it is damaged, of a newer version, or of another store. Nothing is served from it and nothing deleted. */
public final class IndexDamagedException extends IOException {
    private static final long serialVersionUID = 1L;

    IndexDamagedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
