package dev.spillway.coordinator.postgres;

import org.jspecify.annotations.Nullable;

/** Thrown when this version cannot work with the database's schema. Retrying does not help. */
public final class SchemaVersionException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    SchemaVersionException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
