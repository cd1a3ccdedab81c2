package dev.spillway.events;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** The SHA-256 of a content: 64 lower-case hexadecimal digits. */
public record ContentDigest(@JsonValue String value) {
    private static final int DIGITS = 64;

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public ContentDigest {
        if (value.length() != DIGITS || !value.chars().allMatch(ContentDigest::isDigit)) {
            throw new InvalidValueException("content", value, "64 lower-case hexadecimal digits");
        }
    }

    private static boolean isDigit(int character) {
        return '0' <= character && character <= '9' || 'a' <= character && character <= 'f';
    }

    @Override
    public String toString() {
        return value;
    }
}
