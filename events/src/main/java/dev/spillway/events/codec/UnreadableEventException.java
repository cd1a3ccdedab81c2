package dev.spillway.events.codec;

import org.jspecify.annotations.Nullable;

/** Thrown for an event that this version cannot read. The reader must report it and go on, and never drop it in silence. */
public final class UnreadableEventException extends Exception {
    private static final long serialVersionUID = 1L;

    public UnreadableEventException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
