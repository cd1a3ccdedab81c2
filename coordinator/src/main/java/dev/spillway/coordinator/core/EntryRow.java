package dev.spillway.coordinator.core;

import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.GroupName;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.EvictedEntry;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The entry of a key.
 *
 * @param lastUse  the namespace's use number when it was last put or read; the smallest goes first
 * @param external put at the registry for an image of no host: it does not go when hosts lose their copies
 * @param pin      pin that keeps it from being chosen as a victim
 * @param follows  whether another entry of its group was used later. Only the one that was used last has a place in the order of eviction.
 */
public record EntryRow(EntryName name, SnapshotId snapshotId, long generation, long sizeBytes, Description description, long lastUse,
        boolean external, Instant createdAt, Instant lastAccessedAt, @Nullable Pin pin, Written written, boolean follows) {
    EntryRow usedAt(long use, Instant now) {
        return new EntryRow(name, snapshotId, generation, sizeBytes, description, use, external, createdAt, now, pin, written, false);
    }

    EntryRow described(Description changed) {
        return new EntryRow(name, snapshotId, generation, sizeBytes, changed, lastUse, external, createdAt, lastAccessedAt, pin, written,
                follows);
    }

    EntryRow written(Written changed) {
        return new EntryRow(name, snapshotId, generation, sizeBytes, description, lastUse, external, createdAt, lastAccessedAt, pin,
                changed, follows);
    }

    EntryRow pinned(@Nullable Pin changed) {
        return new EntryRow(name, snapshotId, generation, sizeBytes, description, lastUse, external, createdAt, lastAccessedAt, changed,
                written, follows);
    }

    EntryRow following(boolean another) {
        return new EntryRow(name, snapshotId, generation, sizeBytes, description, lastUse, external, createdAt, lastAccessedAt, pin,
                written, another);
    }

    /** Returns whether it can be chosen as a victim, together with its group. */
    boolean isInOrder() {
        return pin == null && !follows;
    }

    Rows.Holding holding() {
        return new Rows.Holding(name, generation);
    }

    /** Returns its group; null for none. */
    public Rows.@Nullable Group group() {
        GroupName group = written.group();
        return group == null ? null : new Rows.Group(name.namespace(), group);
    }

    EvictedEntry evicted(EvictionCause cause) {
        return new EvictedEntry(name.key(), snapshotId, generation, sizeBytes, cause);
    }
}
