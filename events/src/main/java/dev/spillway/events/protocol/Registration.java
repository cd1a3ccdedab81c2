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
 * One replica to be registered as the entry of its key.
 *
 * @param sizeBytes allocated blocks of a directory, bytes of an artifact
 * @param content digest of an artifact's content; absent for a directory
 * @param group the group that an artifact is evicted with; absent for none
 */
public record Registration(
        ReplicaId replicaId,
        NamespaceName namespace,
        EntryKey key,
        SnapshotId snapshotId,
        long sizeBytes,
        Description description,
        @Nullable ContentDigest content,
        @Nullable GroupName group) {
    public Registration {
        InvalidValueException.requireAtLeast("sizeBytes", sizeBytes, 0);
    }

    /** Creates the registration of a directory. */
    public Registration(
            ReplicaId replicaId,
            NamespaceName namespace,
            EntryKey key,
            SnapshotId snapshotId,
            long sizeBytes,
            Description description) {
        this(replicaId, namespace, key, snapshotId, sizeBytes, description, null, null);
    }

    public EntryName name() {
        return new EntryName(namespace, key);
    }
}
