package dev.spillway.worker.core;

import dev.spillway.events.ReplicaId;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A promise to keep an image whole on the disk until it is released or {@code until} has passed.
 *
 * @param owner name of who took it, where that had to be proved; absent for a hold that anybody may release
 */
public record Hold(UUID id, ReplicaId replicaId, Instant until, @Nullable String owner) {
    /** A hold of nobody in particular. */
    public Hold(UUID id, ReplicaId replicaId, Instant until) {
        this(id, replicaId, until, null);
    }

    Hold lasting(Instant later) {
        return new Hold(id, replicaId, later, owner);
    }

    Hold of(ReplicaId replica) {
        return new Hold(id, replica, until, owner);
    }
}
