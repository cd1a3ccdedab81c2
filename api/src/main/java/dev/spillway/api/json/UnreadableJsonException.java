package dev.spillway.api.json;

import java.io.Serial;

/** A text that is not JSON, or JSON that is not what was asked for. The message can be shown to who sent it. */
public final class UnreadableJsonException extends Exception {
    @Serial
    private static final long serialVersionUID = 1L;

    /** What kind of mistake it is. */
    public enum Mistake {
        /** It is no JSON at all. */
        MALFORMED,
        /** A field that the record does not have. */
        UNKNOWN_FIELD,
        /** A field that is missing, of another type, or of a value that is refused. */
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
