package dev.spillway.api.json;

import java.io.Serial;

/** Thrown for a text that is not JSON, or that does not fit the expected type. The message can be shown to the sender. */
public final class UnreadableJsonException extends Exception {
    @Serial
    private static final long serialVersionUID = 1L;

    /** The kinds of mistakes. */
    public enum Mistake {
        /** The text is not JSON. */
        MALFORMED,
        /** The text has a field that the record does not have. */
        UNKNOWN_FIELD,
        /** A field is missing, has another type, or has a refused value. */
        INVALID_FIELD
    }

    private final Mistake mistake;

    UnreadableJsonException(Mistake mistake, String message, Throwable cause) {
        super(message, cause);
        this.mistake = mistake;
    }

    public Mistake mistake() {
        return mistake;
    }
}
