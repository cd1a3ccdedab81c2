package dev.spillway.registry;

import org.jspecify.annotations.Nullable;

/** Thrown when the registry's storage cannot be used now. Nothing was changed. */
public sealed class RegistryUnavailableException extends RuntimeException permits RegistryBusyException {
    private static final long serialVersionUID = 1L;

    public RegistryUnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
