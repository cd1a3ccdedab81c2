package dev.spillway.events;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.UUID;

/** Names one registry: made with its database, and never changed. */
public record RegistryId(@JsonValue UUID value) implements UuidId<RegistryId> {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static RegistryId parse(String text) {
        return new RegistryId(Uuids.parse("registryId", text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
