package dev.spillway.worker.core.model;

import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import org.jspecify.annotations.Nullable;

/**
 * A replica to be registered. Its image is complete, synced and in its place under its id.
 *
 * @param snapshotId id of the image; for a copy, the id of the copied image, or the replica id if the client named none
 * @param artifact   attributes of an artifact; absent for a directory
 * @param generation the generation to attach to, or 0 to take the key with a new one
 */
public record Offer(
        ReplicaId id,
        EntryName name,
        SnapshotId snapshotId,
        long generation,
        long sizeBytes,
        Description description,
        @Nullable ArtifactInfo artifact) {
    /** Offers a directory. */
    public Offer(ReplicaId id, EntryName name, SnapshotId snapshotId, long generation, long sizeBytes, Description description) {
        this(id, name, snapshotId, generation, sizeBytes, description, null);
    }
}
