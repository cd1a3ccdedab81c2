package dev.spillway.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.spillway.events.ContentDigest;
import dev.spillway.events.EntryKey;
import dev.spillway.events.GroupName;
import dev.spillway.events.SnapshotId;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Artifacts that a worker caches. */
public final class Artifacts {
    private Artifacts() {}

    /** The outcome of a put, in lower case on the wire. */
    public enum Outcome {
        /** It is kept and read here, survives a loss of power after the next flush, and will be registered. */
        @JsonProperty("accepted")
        ACCEPTED,
        /** It is also registered. */
        @JsonProperty("stored")
        STORED,
        /** The same content was here already. */
        @JsonProperty("existing")
        EXISTING
    }

    /**
     * Asks whether the caller shall make an artifact that is missing.
     *
     * @param waitFor how long to wait while another caller makes it; at most 1 min, nothing if absent
     * @param heldFor how long nobody else is told to make it, unless the claim is given back; at most 1 h, 10 min if absent
     * @param id      an own claim that is to last for so long from now on; absent for a new one
     */
    public record Claim(@Nullable Duration waitFor, @Nullable Duration heldFor, @Nullable UUID id) {}

    /**
     * The answer to a claim.
     *
     * @param id of the claim, to give it back; absent unless it is the caller's
     */
    public record Claimed(State state, @Nullable UUID id) {}

    /** The state of a claim, in lower case on the wire. */
    public enum State {
        /** It is here by now. */
        @JsonProperty("here")
        HERE,
        /** The caller shall make it. */
        @JsonProperty("yours")
        YOURS,
        /** Another caller makes it, or the claim to extend is over. */
        @JsonProperty("taken")
        TAKEN
    }

    /** The answer to a put. */
    public record Kept(EntryKey key, ContentDigest content, long sizeBytes, Outcome outcome) {}

    /** An artifact of a list. */
    public record Listed(EntryKey key, SnapshotId snapshotId, long generation, ContentDigest content, @Nullable GroupName group,
            long sizeBytes, Instant cachedAt, Instant lastAccessedAt) {}

    /**
     * The figures of artifacts.
     *
     * @param entries registered artifacts of the namespace that this host has
     * @param bytes of them
     * @param host counts of all namespaces since the start of the worker
     */
    public record Stats(long entries, long bytes, HostStats host) {}

    /**
     * Counts of one host.
     *
     * @param damaged artifacts that were not what was stored; each was a miss
     * @param rejectedPuts artifacts for which this host had no room
     * @param refusedPuts artifacts that were accepted, and then refused by the registry
     * @param cachedBytes bytes of all artifacts on the disk
     * @param entries number of all artifacts on the disk
     * @param hitRatePpm hits among lookups in parts per million; 0 without lookups
     */
    public record HostStats(long lookups, long hits, long misses, long damaged, long puts, long rejectedPuts, long refusedPuts,
            long evictions, long evictedBytes, long flushes, long flushErrors, long cachedBytes, long entries, long hitRatePpm) {}
}
