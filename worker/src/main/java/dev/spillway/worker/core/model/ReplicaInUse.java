package dev.spillway.worker.core.model;

import dev.spillway.events.ReplicaId;
import dev.spillway.events.protocol.HeldReplica;
import java.time.Duration;
import java.time.Instant;

/**
 * A replica with holds.
 *
 * @param until end of the hold that ends last
 * @param holds number of holds
 */
public record ReplicaInUse(ReplicaId replicaId, Instant until, long holds) {
    /** Returns what the registry is told at a time. Clocks of hosts differ, so it is told the time that is left. */
    public HeldReplica toldAt(Instant now) {
        return new HeldReplica(replicaId, Math.max(0, Duration.between(now, until).toMillis()), holds);
    }
}
