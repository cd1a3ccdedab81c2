package dev.spillway.coordinator.core;

import dev.spillway.events.ReplicaId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An operator's wish that a host gives up all copies that others hold. While it lasts, the host's copies are checked page by page, again and again.
 *
 * @param lookedTo the last copy that was looked at in this pass; absent before the first
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
