package dev.spillway.worker.core.model;

import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A replica in the host's index.
 *
 * @param generation      registered generation; while PENDING the generation to attach to, or 0 for a registration of its own
 * @param sizeBytes       allocated bytes, a hard-linked file once
 * @param ordered         whether an order names it, so that its end is reported
 * @param bytesFreed      bytes that its deletion freed on the disk; 0 until it is GONE
 * @param imageOf         its first id, which names the image on the disk; absent while it still has that id
 * @param registeredEpoch the epoch that it was registered in; absent until it is registered
 * @param readoption      the new id that is proposed to a restored registry; absent when the registry has answered
 * @param artifact        attributes of an artifact; absent for a directory
 * @param imageAwaited    whether it is HIDDEN only because its image is missing; it is served again when the image is back, as on a remounted volume
 */
public record ReplicaRecord(ReplicaId id, EntryName name, SnapshotId snapshotId, long generation, long sizeBytes, Description description,
        ReplicaState state, boolean ordered, long bytesFreed, Instant cachedAt, Instant lastAccessedAt, @Nullable ReplicaId imageOf,
        @Nullable Long registeredEpoch, @Nullable Proposal readoption, boolean imageAwaited, @Nullable ArtifactInfo artifact) {
    /**
     * A new id, minted to readopt a replica.
     *
     * @param epoch epoch of the proposal, the only one in which it is valid
     */
    public record Proposal(ReplicaId id, long epoch) {}

    /** Creates a replica of a directory that was never readopted. */
    public ReplicaRecord(ReplicaId id, EntryName name, SnapshotId snapshotId, long generation, long sizeBytes, Description description,
            ReplicaState state, boolean ordered, long bytesFreed, Instant cachedAt, Instant lastAccessedAt) {
        this(id, name, snapshotId, generation, sizeBytes, description, state, ordered, bytesFreed, cachedAt, lastAccessedAt, null, null,
                null, false, null);
    }

    /** Returns the name of its image on the disk, which is the first id that it had. */
    public ReplicaId image() {
        return imageOf == null ? id : imageOf;
    }

    /** Returns whether it was registered in an earlier epoch. */
    public boolean isOlderThan(long epoch) {
        return isInventory() && (registeredEpoch == null || registeredEpoch < epoch);
    }

    public ReplicaRecord in(ReplicaState next) {
        return new ReplicaRecord(id, name, snapshotId, generation, sizeBytes, description, next, ordered, bytesFreed, cachedAt,
                lastAccessedAt, imageOf, registeredEpoch, readoption, false, artifact);
    }

    /** Returns the replica as one that is not served until its image is back. */
    public ReplicaRecord awaitingImage() {
        return new ReplicaRecord(id, name, snapshotId, generation, sizeBytes, description, ReplicaState.HIDDEN, ordered, bytesFreed,
                cachedAt,
                lastAccessedAt, imageOf, registeredEpoch, readoption, true, artifact);
    }

    public ReplicaRecord registered(SnapshotId snapshot, long as, long epoch, ReplicaState next) {
        return new ReplicaRecord(id, name, snapshot, as, sizeBytes, description, next, ordered, bytesFreed, cachedAt, lastAccessedAt,
                imageOf, epoch, readoption, false, artifact);
    }

    public ReplicaRecord underOrder(ReplicaState next) {
        return new ReplicaRecord(id, name, snapshotId, generation, sizeBytes, description, next, true, bytesFreed, cachedAt,
                lastAccessedAt, imageOf, registeredEpoch, readoption, false, artifact);
    }

    public ReplicaRecord gone(long freed) {
        return new ReplicaRecord(id, name, snapshotId, generation, sizeBytes, description, ReplicaState.GONE, ordered, freed, cachedAt,
                lastAccessedAt, imageOf, registeredEpoch, readoption, false, artifact);
    }

    public ReplicaRecord accessed(Instant at) {
        return new ReplicaRecord(id, name, snapshotId, generation, sizeBytes, description, state, ordered, bytesFreed, cachedAt, at,
                imageOf, registeredEpoch, readoption, imageAwaited, artifact);
    }

    public ReplicaRecord proposed(@Nullable Proposal next) {
        return new ReplicaRecord(id, name, snapshotId, generation, sizeBytes, description, state, ordered, bytesFreed, cachedAt,
                lastAccessedAt, imageOf, registeredEpoch, next, imageAwaited, artifact);
    }

    /** Returns the same pending replica under another id. */
    public ReplicaRecord under(ReplicaId next) {
        return new ReplicaRecord(next, name, snapshotId, generation, sizeBytes, description, state, ordered, bytesFreed, cachedAt,
                lastAccessedAt, image(), registeredEpoch, readoption, imageAwaited, artifact);
    }

    /** Returns the same image under its next id. */
    public ReplicaRecord readopted(Proposal as, ReplicaState next) {
        return new ReplicaRecord(as.id(), name, snapshotId, generation, sizeBytes, description, next, ordered, bytesFreed, cachedAt,
                lastAccessedAt, image(), as.epoch(), null, imageAwaited, artifact);
    }

    /** Returns whether it counts in the host's inventory. */
    public boolean isInventory() {
        return state == ReplicaState.LIVE || state == ReplicaState.HIDDEN;
    }
}
