package dev.spillway.coordinator.postgres;

import org.jspecify.annotations.Nullable;

/** The database's schema is not one that this version can work with. Trying again does not help. */
public final class SchemaVersionException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    SchemaVersionException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
