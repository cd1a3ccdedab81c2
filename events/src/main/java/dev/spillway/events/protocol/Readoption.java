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
 * One replica that a host holds since before its registry was restored.
 *
 * @param replicaId  the id that it goes on under, never used before
 * @param formerId   the id that it had, which is never registered again
 * @param generation the one that it was registered as
 * @param content    what an artifact contains; absent for a directory
 * @param group      the group that an artifact is evicted with; absent for none
 * @param served     whether the host serves it, or would if its volume were there; what it hid for good is not wanted back
 */
public record Readoption(ReplicaId replicaId, ReplicaId formerId, NamespaceName namespace, EntryKey key, SnapshotId snapshotId,
        long generation, long sizeBytes, Description description, boolean served, @Nullable ContentDigest content,
        @Nullable GroupName group) {
    /** Brings back an image that is no artifact. */
    public Readoption(ReplicaId replicaId, ReplicaId formerId, NamespaceName namespace, EntryKey key, SnapshotId snapshotId,
            long generation,
            long sizeBytes, Description description, boolean served) {
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
