package dev.spillway.events;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** The reason for a pin, for people who read it later: 1 to 512 bytes of UTF-8, not only blanks. */
public record PinReason(@JsonValue String value) {
    private static final int BYTES_MAX = 512;

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public PinReason {
        TextBounds.bounded("reason", value, 1, BYTES_MAX);
        if (value.isBlank()) {
            throw new InvalidValueException("reason", value, "a reason that is more than blanks");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
