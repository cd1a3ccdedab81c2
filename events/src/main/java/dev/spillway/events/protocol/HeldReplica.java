package dev.spillway.events.protocol;

import dev.spillway.events.InvalidValueException;
import dev.spillway.events.ReplicaId;

/**
 * A replica in use at its host.
 *
 * @param leftMillis time from when this was sent to the end of the hold that ends last
 * @param holds      number of holds, 1 or more
 */
public record HeldReplica(ReplicaId replicaId, long leftMillis, long holds) {
    public HeldReplica {
        InvalidValueException.requireCount("leftMillis", leftMillis);
        InvalidValueException.requireAtLeast("holds", holds, 1);
        InvalidValueException.requireCount("holds", holds);
    }
}
