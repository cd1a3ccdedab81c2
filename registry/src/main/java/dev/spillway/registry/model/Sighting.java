package dev.spillway.registry.model;

import dev.spillway.events.HostId;
import dev.spillway.events.ReplicaId;
import java.time.Instant;

/**
 * A difference found by a reconciliation that waits for its grace period and a second reconciliation.
 *
 * @param looks number of reconciliations that have found it
 */
public record Sighting(HostId hostId, ReplicaId replicaId, Kind kind, Instant firstSeenAt, int looks) {
    /** The kind of a difference, by the side that lacks the replica. */
    public enum Kind {
        /** A row without anything on the disk. */
        GHOST,
        /** A replica on the disk without a row. */
        ORPHAN
    }

    public Sighting again() {
        return new Sighting(hostId, replicaId, kind, firstSeenAt, looks + 1);
    }
}
