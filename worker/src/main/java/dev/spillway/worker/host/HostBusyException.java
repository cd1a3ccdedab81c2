package dev.spillway.worker.host;

/** More is asked of the host than it can take now; nothing was done. */
public final class HostBusyException extends Exception {
    private static final long serialVersionUID = 1L;

    HostBusyException(String what) {
        super(what);
    }
}
