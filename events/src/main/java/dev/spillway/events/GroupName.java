package dev.spillway.events;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** Names entries of one namespace that are evicted together: 1 to 1,024 bytes of UTF-8, opaque and compared exactly. */
public record GroupName(@JsonValue String value) implements Utf8Name<GroupName> {
    private static final int BYTES_MAX = 1024;

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public GroupName {
        TextBounds.bounded("group", value, 1, BYTES_MAX);
    }

    @Override
    public String toString() {
        return value;
    }
}
