package dev.spillway.client;

import java.io.Serial;

/** Thrown when no server could be reached in time. A change was certainly not made; a read was not answered. */
public final class NotReachableException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    public NotReachableException(String message) {
        super(message);
    }
}
