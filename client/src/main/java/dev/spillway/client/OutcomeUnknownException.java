package dev.spillway.client;

import java.io.Serial;

/** A change was sent, and no server could say in time whether it was made. Look before doing it again. */
public final class OutcomeUnknownException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    public OutcomeUnknownException(String message) {
        super(message);
    }
}
