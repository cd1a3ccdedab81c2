package dev.spillway.events;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Instant;
import java.util.UUID;
import java.util.random.RandomGenerator;

/** Names a plan: a list of chosen victims, which are evicted when a person applies it. */
public record PlanId(@JsonValue UUID value) implements UuidId<PlanId> {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static PlanId parse(String text) {
        return new PlanId(Uuids.parse("planId", text));
    }

    /** A new id, ordered by time. */
    public static PlanId mint(Instant now, RandomGenerator random) {
        return new PlanId(Uuids.timeOrdered(now, random));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
