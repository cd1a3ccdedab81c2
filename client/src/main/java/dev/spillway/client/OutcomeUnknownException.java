package dev.spillway.client;

import java.io.Serial;

/** Thrown when a change was sent and no server told in time whether it was made. The caller must check before it repeats the change. */
public final class OutcomeUnknownException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    public OutcomeUnknownException(String message) {
        super(message);
    }
}
