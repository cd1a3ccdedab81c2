package dev.spillway.coordinator.core;

import org.jspecify.annotations.Nullable;

/** The storage cannot be asked now. Nothing was changed. */
public sealed class RegistryUnavailableException extends RuntimeException permits RegistryBusyException {
    private static final long serialVersionUID = 1L;

    public RegistryUnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
