package dev.spillway.events;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** The SHA-256 of a content: 64 lower-case hexadecimal digits. */
public record ContentDigest(@JsonValue String value) {
    private static final int DIGITS = 64;

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public ContentDigest {
        if (value.length() != DIGITS || !hasDigitsAlone(value)) {
            throw new InvalidValueException("content", value, "64 lower-case hexadecimal digits");
        }
    }

    private static boolean hasDigitsAlone(String value) {
        for (int at = 0; at < value.length(); at++) {
            char character = value.charAt(at);
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
