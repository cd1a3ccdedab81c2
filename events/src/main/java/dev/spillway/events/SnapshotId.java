package dev.spillway.events;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** The opaque, immutable id of the image that an entry names: 1 to 512 bytes of UTF-8. */
public record SnapshotId(@JsonValue String value) implements Utf8Name<SnapshotId> {
    private static final int BYTES_MAX = 512;

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public SnapshotId {
        TextBounds.bounded("snapshotId", value, 1, BYTES_MAX);
    }

    @Override
    public String toString() {
        return value;
    }
}
