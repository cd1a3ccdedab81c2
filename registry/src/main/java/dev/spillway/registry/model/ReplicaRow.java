package dev.spillway.registry.model;

import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An open replica row: LIVE without {@code doom}, DOOMED with it. A closed one has moved to the history.
 */
public record ReplicaRow(
        ReplicaId id,
        HostId hostId,
        EntryName name,
        SnapshotId snapshotId,
        long generation,
        long sizeBytes,
        Instant registeredAt,
        @Nullable OpenOrder doom) {
    /** Returns the entry and generation of which it is a copy. */
    public Holding holding() {
        return new Holding(name, generation);
    }

    public boolean isLive() {
        return doom == null;
    }

    public ReplicaRow doomed(OpenOrder order) {
        return new ReplicaRow(id, hostId, name, snapshotId, generation, sizeBytes, registeredAt, order);
    }
}
