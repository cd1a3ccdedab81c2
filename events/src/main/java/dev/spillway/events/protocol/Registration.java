package dev.spillway.events.protocol;

import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;

/** One replica that wants to become the entry of its key. {@code sizeBytes} are allocated blocks. */
public record Registration(ReplicaId replicaId, NamespaceName namespace, EntryKey key, SnapshotId snapshotId, long sizeBytes,
        Description description) {
    public Registration {
        InvalidValueException.requireAtLeast("sizeBytes", sizeBytes, 0);
    }

    public EntryName name() {
        return new EntryName(namespace, key);
    }
}
