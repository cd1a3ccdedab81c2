package dev.spillway.events;

import org.jspecify.annotations.Nullable;

/** An event that this version cannot read. Its reader reports it and goes on; it never drops it in silence. */
public final class UnreadableEventException extends Exception {
    private static final long serialVersionUID = 1L;

    public UnreadableEventException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
