package dev.spillway.worker.host;

/** Thrown when a host cannot take more requests now. Nothing was done. */
public final class HostBusyException extends Exception {
    private static final long serialVersionUID = 1L;

    public HostBusyException(String what) {
        super(what);
    }
}
