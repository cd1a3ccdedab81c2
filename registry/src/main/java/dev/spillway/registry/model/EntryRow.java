package dev.spillway.registry.model;

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
 * @param image    the image of its current generation
 * @param external put directly at the registry, for an image that no host holds; the entry stays when hosts lose their copies
 * @param pin      pin that keeps it from being chosen as a victim
 * @param follows  whether another entry of its group was used later. Only the entry of a group that was used last has a place in the order of
 *                 eviction.
 */
public record EntryRow(
        EntryName name,
        Image image,
        Use use,
        boolean external,
        Instant createdAt,
        @Nullable Pin pin,
        Written written,
        boolean follows) {
    /** The image that an entry names since one of its puts. */
    public record Image(SnapshotId snapshotId, long generation, long sizeBytes, Description description) {}

    public SnapshotId snapshotId() {
        return image.snapshotId();
    }

    public long generation() {
        return image.generation();
    }

    public long sizeBytes() {
        return image.sizeBytes();
    }

    public Description description() {
        return image.description();
    }

    /** @param further the latest use in the namespace, which is a use of this entry */
    EntryRow used(Use further) {
        return new EntryRow(name, image, further, external, createdAt, pin, written, false);
    }

    public EntryRow described(Description changed) {
        return new EntryRow(
                name,
                new Image(snapshotId(), generation(), sizeBytes(), changed),
                use,
                external,
                createdAt,
                pin,
                written,
                follows);
    }

    public EntryRow written(Written changed) {
        return new EntryRow(name, image, use, external, createdAt, pin, changed, follows);
    }

    public EntryRow pinned(@Nullable Pin changed) {
        return new EntryRow(name, image, use, external, createdAt, changed, written, follows);
    }

    public EntryRow following(boolean another) {
        return new EntryRow(name, image, use, external, createdAt, pin, written, another);
    }

    /** Returns the use number of its last put or read. */
    public long lastUse() {
        return use.number();
    }

    public Instant lastAccessedAt() {
        return use.at();
    }

    /** Returns its place in the order of eviction. */
    public Place place() {
        return new Place(use.priority(), use.number());
    }

    /** Returns whether it can be chosen as a victim, together with its group. */
    public boolean isInOrder() {
        return pin == null && !follows;
    }

    public Holding holding() {
        return new Holding(name, generation());
    }

    /** Returns its group; null for none. */
    public @Nullable EntryGroup group() {
        GroupName group = written.group();
        return group == null ? null : new EntryGroup(name.namespace(), group);
    }

    public EvictedEntry evicted(EvictionCause cause) {
        return new EvictedEntry(name.key(), snapshotId(), generation(), sizeBytes(), cause);
    }
}
