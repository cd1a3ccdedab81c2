package dev.spillway.events;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.UUID;

/** Names one store: written into the store when it is made, and never changed. */
public record StoreId(UUID value) implements Comparable<StoreId> {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static StoreId parse(String text) {
        return new StoreId(Uuids.parse("storeId", text));
    }

    /** Orders by the unsigned value, as PostgreSQL does, so that both sort rows alike. */
    @Override
    public int compareTo(StoreId other) {
        return Uuids.compareUnsigned(value, other.value);
    }

    @JsonValue
    @Override
    public String toString() {
        return value.toString();
    }
}
