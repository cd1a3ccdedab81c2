package dev.spillway.registry.model;

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
public record HostDrain(Instant since, @Nullable ReplicaId lookedTo, Instant lookAt) {
    public static HostDrain from(Instant now) {
        return new HostDrain(now, null, now);
    }

    public HostDrain goingOn(ReplicaId behind, Instant now) {
        return new HostDrain(since, behind, now);
    }

    public HostDrain anew(Instant at) {
        return new HostDrain(since, null, at);
    }

    public HostDrain later(Instant at) {
        return new HostDrain(since, lookedTo, at);
    }
}
