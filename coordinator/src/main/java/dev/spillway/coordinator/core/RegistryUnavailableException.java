package dev.spillway.coordinator.core;

import org.jspecify.annotations.Nullable;

/** The storage cannot be asked now. Nothing was changed. */
public final class RegistryUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public RegistryUnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
