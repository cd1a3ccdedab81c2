package dev.spillway.coordinator.core;

/** The connection was lost while committing: the command is carried out as a whole, or not at all, and nobody here knows which. */
public final class OutcomeUnknownException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public OutcomeUnknownException(String message, Throwable cause) {
        super(message, cause);
    }
}
