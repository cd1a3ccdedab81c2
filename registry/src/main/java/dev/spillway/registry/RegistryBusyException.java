package dev.spillway.registry;

/** Thrown when too many commands wait. Nothing was changed, and it is safe to try again a little later. */
public final class RegistryBusyException extends RegistryUnavailableException {
    private static final long serialVersionUID = 1L;

    public RegistryBusyException(String message) {
        super(message, null);
    }
}
