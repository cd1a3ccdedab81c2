package dev.spillway.registry;

import dev.spillway.events.ReplicaId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An operator's request that a host gives up all copies that other hosts also hold. While it is in effect, the host's copies are checked page by
 * page, repeatedly.
 *
 * @param lookedTo the last copy that was checked in this pass; absent before the first
 * @param lookAt   time at which the next page is checked
 */
public record Drain(Instant since, @Nullable ReplicaId lookedTo, Instant lookAt) {
    static Drain from(Instant now) {
        return new Drain(now, null, now);
    }

    Drain goingOn(ReplicaId behind, Instant now) {
        return new Drain(since, behind, now);
    }

    Drain anew(Instant at) {
        return new Drain(since, null, at);
    }

    Drain later(Instant at) {
        return new Drain(since, lookedTo, at);
    }
}
