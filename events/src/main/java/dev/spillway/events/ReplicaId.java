package dev.spillway.events;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Instant;
import java.util.UUID;
import java.util.random.RandomGenerator;

/** Names one copy on one host. Minted by the worker, durable before it is sent, and never used again. */
public record ReplicaId(@JsonValue UUID value) implements UuidId<ReplicaId> {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static ReplicaId parse(String text) {
        return new ReplicaId(Uuids.parse("replicaId", text));
    }

    /** A new id, ordered by time. */
    public static ReplicaId mint(Instant now, RandomGenerator random) {
        return new ReplicaId(Uuids.timeOrdered(now, random));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
