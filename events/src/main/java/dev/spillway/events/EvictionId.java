package dev.spillway.events;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Instant;
import java.util.UUID;
import java.util.random.RandomGenerator;

/** Names one eviction and its fact. Two facts with the same id are of the same eviction. */
public record EvictionId(@JsonValue UUID value) implements UuidId<EvictionId> {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static EvictionId parse(String text) {
        return new EvictionId(Uuids.parse("evictionId", text));
    }

    /** A new id, ordered by time. */
    public static EvictionId mint(Instant now, RandomGenerator random) {
        return new EvictionId(Uuids.timeOrdered(now, random));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
