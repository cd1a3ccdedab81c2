package dev.spillway.worker.core.model;

import dev.spillway.events.ReplicaId;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A promise to keep an image whole on the disk until it is released or {@code until} has passed.
 *
 * @param owner name of the client that took it, if clients have to authenticate; absent for a hold that anybody may release
 */
public record Hold(UUID id, ReplicaId replicaId, Instant until, @Nullable String owner) {
    /** Creates a hold without an owner. */
    public Hold(UUID id, ReplicaId replicaId, Instant until) {
        this(id, replicaId, until, null);
    }

    public Hold lasting(Instant later) {
        return new Hold(id, replicaId, later, owner);
    }

    public Hold of(ReplicaId replica) {
        return new Hold(id, replica, until, owner);
    }
}
