package dev.spillway.events.protocol;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;

/** One more copy of an entry's given generation. */
public record Attachment(ReplicaId replicaId, NamespaceName namespace, EntryKey key, long generation, long sizeBytes) {
    public Attachment {
        InvalidValueException.requireAtLeast("generation", generation, 1);
        InvalidValueException.requireAtLeast("sizeBytes", sizeBytes, 0);
    }

    public EntryName name() {
        return new EntryName(namespace, key);
    }
}
