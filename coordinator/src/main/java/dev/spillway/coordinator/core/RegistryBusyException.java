package dev.spillway.coordinator.core;

/** So many commands wait already that another one would only pile up. Nothing was changed; trying again a little later is safe. */
public final class RegistryBusyException extends RegistryUnavailableException {
    private static final long serialVersionUID = 1L;

    public RegistryBusyException(String message) {
        super(message, null);
    }
}
