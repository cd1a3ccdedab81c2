package dev.spillway.api.body;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.spillway.events.ContentDigest;
import dev.spillway.events.EntryKey;
import dev.spillway.events.GroupName;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.EvictedEntry;
import java.time.Instant;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** Entries of the registry. */
public final class Entries {
    private Entries() {}

    /**
     * Asks that a key names a snapshot, with a description.
     *
     * @param sizeBytes 0 or more allocated bytes, 0 if absent
     */
    public record Put(
            SnapshotId snapshotId,
            @Nullable Long sizeBytes,
            @Nullable String description,
            @Nullable SortedMap<String, String> labels) {}

    /**
     * The entry is stored.
     *
     * @param replaced the snapshot that the key named before, if it was another; written even if null
     * @param evicted  entries that were evicted to make room, oldest first
     */
    public record Stored(long generation, @JsonInclude @Nullable SnapshotId replaced, List<EvictedEntry> evicted) {}

    /**
     * An entry.
     *
     * @param sizeBytes allocated bytes as its owner stated them
     * @param content   SHA-256 of an artifact's content; absent if no writer stated it
     * @param writtenBy host that registered its generation first; absent if none did
     * @param group     group of its latest put that named one; absent for none
     * @param pin       its pin; absent if it is not pinned
     * @param replicas  copies of its generation, at most 1,000, first LIVE ones of hosts that are heard; absent in lists
     */
    public record Entry(
            NamespaceName namespace,
            EntryKey key,
            SnapshotId snapshotId,
            long generation,
            long sizeBytes,
            String description,
            SortedMap<String, String> labels,
            Instant createdAt,
            Instant lastAccessedAt,
            @Nullable ContentDigest content,
            @Nullable HostId writtenBy,
            @Nullable GroupName group,
            Pins.@Nullable Pin pin,
            @Nullable List<Replica> replicas) {}

    /**
     * One host's copy.
     *
     * @param address host and port where its worker serves other hosts
     * @param held    its present use at its host; absent if none is known
     */
    public record Replica(
            ReplicaId replicaId,
            HostId hostId,
            StoreId storeId,
            String address,
            ReplicaState state,
            Instant registeredAt,
            @Nullable Held held) {}

    /**
     * The use of a copy at its host, as the host reported it last.
     *
     * @param until end of the hold that ends last, by the registry's clock
     * @param holds number of holds
     */
    public record Held(Instant until, long holds) {}

    /** The state of a copy at the registry. */
    public enum ReplicaState {
        /** The host serves it. */
        LIVE,
        /** The host was told to delete it. */
        DOOMED
    }

    /** The snapshot that the deleted entry named. */
    public record Deleted(SnapshotId snapshotId) {}
}
