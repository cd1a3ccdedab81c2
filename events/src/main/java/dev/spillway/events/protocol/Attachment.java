package dev.spillway.events.protocol;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import org.jspecify.annotations.Nullable;

/**
 * One more copy of an entry's given generation.
 *
 * @param snapshotId image that was copied; absent if the client named the generation alone
 */
public record Attachment(
        ReplicaId replicaId,
        NamespaceName namespace,
        EntryKey key,
        long generation,
        long sizeBytes,
        @Nullable SnapshotId snapshotId) {
    public Attachment {
        InvalidValueException.requireAtLeast("generation", generation, 1);
        InvalidValueException.requireAtLeast("sizeBytes", sizeBytes, 0);
    }

    public EntryName name() {
        return new EntryName(namespace, key);
    }
}
