package dev.spillway.registry.model;

import dev.spillway.events.ReplicaId;
import dev.spillway.events.protocol.HeldReplica;
import java.time.Instant;

/**
 * A replica in use at its host, as the host told last.
 *
 * @param until end of the hold that ends last, by the registry's clock
 * @param holds number of holds
 */
public record InUse(ReplicaId replicaId, Instant until, long holds) {
    public static InUse of(HeldReplica told, Instant now) {
        return new InUse(told.replicaId(), now.plusMillis(told.leftMillis()), told.holds());
    }
}
