package dev.spillway.events;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** The SHA-256 of a content: 64 lower-case hexadecimal digits. */
public record ContentDigest(@JsonValue String value) {
    /** The form of a digest, for messages. */
    public static final String EXPECTED = "64 lower-case hexadecimal digits";

    private static final int DIGITS = 64;

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public ContentDigest {
        if (!isDigest(value)) {
            throw new InvalidValueException("content", value, EXPECTED);
        }
    }

    /** Returns whether a text has the form of a digest. */
    public static boolean isDigest(String text) {
        if (text.length() != DIGITS) {
            return false;
        }
        for (int at = 0; at < DIGITS; at++) {
            char character = text.charAt(at);
            if ((character < '0' || character > '9') && (character < 'a' || character > 'f')) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return value;
    }
}
