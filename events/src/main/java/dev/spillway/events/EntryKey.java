package dev.spillway.events;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** The key of an entry inside its namespace: 1 to 1,024 bytes of UTF-8, opaque and compared exactly. */
public record EntryKey(@JsonValue String value) implements Utf8Name<EntryKey> {
    private static final int BYTES_MAX = 1024;

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public EntryKey {
        TextBounds.bounded("key", value, 1, BYTES_MAX);
    }

    @Override
    public String toString() {
        return value;
    }
}
