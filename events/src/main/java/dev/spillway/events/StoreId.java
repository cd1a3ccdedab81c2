package dev.spillway.events;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.UUID;

/** Names one store: written into the store when it is made, and never changed. */
public record StoreId(@JsonValue UUID value) implements UuidId<StoreId> {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static StoreId parse(String text) {
        return new StoreId(Uuids.parse("storeId", text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
