package dev.spillway.events;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.UUID;

/** Names one registry: made with its database, and never changed. */
public record RegistryId(UUID value) implements Comparable<RegistryId> {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static RegistryId parse(String text) {
        return new RegistryId(Uuids.parse("registryId", text));
    }

    /** Orders by the unsigned value, as PostgreSQL does, so that both sort rows alike. */
    @Override
    public int compareTo(RegistryId other) {
        return Uuids.compareUnsigned(value, other.value);
    }

    @JsonValue
    @Override
    public String toString() {
        return value.toString();
    }
}
