package dev.spillway.worker.core;

import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import java.time.Instant;

/**
 * A replica in the host's index.
 *
 * @param generation   what it is registered as; while PENDING the generation to attach to, or 0 for a registration of its own
 * @param sizeBytes    allocated bytes, a hard-linked file once
 * @param ordered      an order names it, so its end is reported
 * @param bytesFreed   once GONE: what its end gave back to the disk
 */
public record ReplicaRecord(ReplicaId id, EntryName name, SnapshotId snapshotId, long generation, long sizeBytes, Description description,
        ReplicaState state, boolean ordered, long bytesFreed, Instant cachedAt, Instant lastAccessedAt) {
    ReplicaRecord in(ReplicaState next) {
        return new ReplicaRecord(id, name, snapshotId, generation, sizeBytes, description, next, ordered, bytesFreed, cachedAt,
                lastAccessedAt);
    }

    ReplicaRecord registered(SnapshotId snapshot, long as, ReplicaState next) {
        return new ReplicaRecord(id, name, snapshot, as, sizeBytes, description, next, ordered, bytesFreed, cachedAt, lastAccessedAt);
    }

    ReplicaRecord underOrder(ReplicaState next) {
        return new ReplicaRecord(id, name, snapshotId, generation, sizeBytes, description, next, true, bytesFreed, cachedAt,
                lastAccessedAt);
    }

    ReplicaRecord gone(long freed) {
        return new ReplicaRecord(id, name, snapshotId, generation, sizeBytes, description, ReplicaState.GONE, ordered, freed, cachedAt,
                lastAccessedAt);
    }

    ReplicaRecord accessed(Instant at) {
        return new ReplicaRecord(id, name, snapshotId, generation, sizeBytes, description, state, ordered, bytesFreed, cachedAt, at);
    }

    /** Whether it counts in the host's inventory. */
    boolean isInventory() {
        return state == ReplicaState.LIVE || state == ReplicaState.HIDDEN;
    }
}
