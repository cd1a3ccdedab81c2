package dev.spillway.worker.host;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when the host takes no more requests, because it is closed or its index could not be written. The next start continues requests under way.
 */
public final class HostStoppedException extends Exception {
    private static final long serialVersionUID = 1L;

    HostStoppedException(String why, @Nullable Throwable cause) {
        super(why, cause);
    }
}
