package dev.spillway.events.protocol;

import dev.spillway.events.ContentDigest;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import org.jspecify.annotations.Nullable;

/**
 * One replica that a host has from before its registry was restored.
 *
 * @param replicaId  its new id, never used before
 * @param formerId   its old id, which is never registered again
 * @param generation the generation that it was registered as
 * @param content    digest of an artifact's content; absent for a directory
 * @param group      the group that an artifact is evicted with; absent for none
 * @param served     whether the host serves it, or would if its volume were mounted; false for a replica that is hidden for good
 */
public record Readoption(
        ReplicaId replicaId,
        ReplicaId formerId,
        NamespaceName namespace,
        EntryKey key,
        SnapshotId snapshotId,
        long generation,
        long sizeBytes,
        Description description,
        boolean served,
        @Nullable ContentDigest content,
        @Nullable GroupName group) {
    /** Creates the readoption of a directory. */
    public Readoption(
            ReplicaId replicaId,
            ReplicaId formerId,
            NamespaceName namespace,
            EntryKey key,
            SnapshotId snapshotId,
            long generation,
            long sizeBytes,
            Description description,
            boolean served) {
        this(replicaId, formerId, namespace, key, snapshotId, generation, sizeBytes, description, served, null, null);
    }

    public Readoption {
        InvalidValueException.requireAtLeast("generation", generation, 1);
        InvalidValueException.requireAtLeast("sizeBytes", sizeBytes, 0);
    }

    public EntryName name() {
        return new EntryName(namespace, key);
    }
}
