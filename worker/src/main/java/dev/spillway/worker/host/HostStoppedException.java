package dev.spillway.worker.host;

import org.jspecify.annotations.Nullable;

/** The host takes nothing more: it is closed, or its index could not be written. What was under way is found again at the next start. */
public final class HostStoppedException extends Exception {
    private static final long serialVersionUID = 1L;

    HostStoppedException(String why, @Nullable Throwable cause) {
        super(why, cause);
    }
}
