package dev.spillway.events.protocol;

import dev.spillway.events.InvalidValueException;
import dev.spillway.events.ReplicaId;
import java.time.Instant;

/**
 * A replica in use at its host.
 *
 * @param until end of the hold that ends last
 * @param holds number of holds, 1 or more
 */
public record HeldReplica(ReplicaId replicaId, Instant until, long holds) {
    public HeldReplica {
        InvalidValueException.requireAtLeast("holds", holds, 1);
        InvalidValueException.requireCount("holds", holds);
    }
}
