package dev.spillway.worker.core.model;

import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import io.soabase.recordbuilder.core.RecordBuilder;
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
@RecordBuilder
public record ReplicaRecord(
        ReplicaId id,
        EntryName name,
        SnapshotId snapshotId,
        long generation,
        long sizeBytes,
        Description description,
        ReplicaState state,
        boolean ordered,
        long bytesFreed,
        Instant cachedAt,
        Instant lastAccessedAt,
        @Nullable ReplicaId imageOf,
        @Nullable Long registeredEpoch,
        @Nullable Proposal readoption,
        boolean imageAwaited,
        @Nullable ArtifactInfo artifact)
        implements ReplicaRecordBuilder.With {
    /**
     * A new id, minted to readopt a replica.
     *
     * @param epoch epoch of the proposal, the only one in which it is valid
     */
    public record Proposal(ReplicaId id, long epoch) {}

    /** Creates a replica of a directory that was never readopted. */
    public ReplicaRecord(
            ReplicaId id,
            EntryName name,
            SnapshotId snapshotId,
            long generation,
            long sizeBytes,
            Description description,
            ReplicaState state,
            boolean ordered,
            long bytesFreed,
            Instant cachedAt,
            Instant lastAccessedAt) {
        this(
                id,
                name,
                snapshotId,
                generation,
                sizeBytes,
                description,
                state,
                ordered,
                bytesFreed,
                cachedAt,
                lastAccessedAt,
                null,
                null,
                null,
                false,
                null);
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
        return with(copy -> copy.state(next).imageAwaited(false));
    }

    /** Returns the replica as one that is not served until its image is back. */
    public ReplicaRecord awaitingImage() {
        return with(copy -> copy.state(ReplicaState.HIDDEN).imageAwaited(true));
    }

    public ReplicaRecord registered(SnapshotId snapshot, long as, long epoch, ReplicaState next) {
        return in(next).with(copy -> copy.snapshotId(snapshot).generation(as).registeredEpoch(epoch));
    }

    public ReplicaRecord underOrder(ReplicaState next) {
        return in(next).with(copy -> copy.ordered(true));
    }

    public ReplicaRecord gone(long freed) {
        return in(ReplicaState.GONE).with(copy -> copy.bytesFreed(freed));
    }

    public ReplicaRecord accessed(Instant at) {
        return withLastAccessedAt(at);
    }

    public ReplicaRecord proposed(@Nullable Proposal next) {
        return withReadoption(next);
    }

    /** Returns the same pending replica under another id. */
    public ReplicaRecord under(ReplicaId next) {
        return with(copy -> copy.id(next).imageOf(image()));
    }

    /** Returns the same image under its next id. */
    public ReplicaRecord readopted(Proposal as, ReplicaState next) {
        return under(as.id()).with(copy -> copy.state(next).registeredEpoch(as.epoch()).readoption(null));
    }

    /** Returns whether it counts in the host's inventory. */
    public boolean isInventory() {
        return state == ReplicaState.LIVE || state == ReplicaState.HIDDEN;
    }
}
