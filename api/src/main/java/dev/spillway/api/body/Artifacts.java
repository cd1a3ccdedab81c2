package dev.spillway.api.body;

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
        /** It is stored on this host and readable, survives a power loss after the next flush, and will be registered. */
        @JsonProperty("accepted")
        ACCEPTED,
        /** It is also registered. */
        @JsonProperty("stored")
        STORED,
        /** This host had the same content already. */
        @JsonProperty("existing")
        EXISTING
    }

    /**
     * Asks whether the caller should make a missing artifact.
     *
     * @param waitFor time to wait while another caller makes it; at most 1 min, no wait if absent
     * @param heldFor time for which no other caller is told to make it, unless the claim is released; at most 1 h, 10 min if absent
     * @param id      id of the caller's claim to extend; absent for a new claim
     */
    public record Claim(@Nullable Duration waitFor, @Nullable Duration heldFor, @Nullable UUID id) {}

    /**
     * The answer to a claim.
     *
     * @param id id of the claim, to release it; absent unless it is the caller's
     */
    public record Claimed(State state, @Nullable UUID id) {}

    /** The state of a claim, in lower case on the wire. */
    public enum State {
        /** The artifact exists on this host now. */
        @JsonProperty("here")
        HERE,
        /** The caller should make it. */
        @JsonProperty("yours")
        YOURS,
        /** Another caller makes it, or the claim to extend has expired. */
        @JsonProperty("taken")
        TAKEN
    }

    /** The answer to a put. */
    public record Kept(EntryKey key, ContentDigest content, long sizeBytes, Outcome outcome) {}

    /** An artifact of a list. */
    public record Listed(
            EntryKey key,
            SnapshotId snapshotId,
            long generation,
            ContentDigest content,
            @Nullable GroupName group,
            long sizeBytes,
            Instant cachedAt,
            Instant lastAccessedAt) {}

    /**
     * The figures of artifacts.
     *
     * @param entries number of registered artifacts of the namespace on this host
     * @param bytes their bytes
     * @param host counts of all namespaces since the start of the worker
     */
    public record Stats(long entries, long bytes, HostStats host) {}

    /**
     * Counts of one host.
     *
     * @param damaged number of reads of artifacts with changed content; each was a miss
     * @param rejectedPuts number of artifacts for which this host had no room
     * @param refusedPuts number of accepted artifacts that the registry refused later
     * @param cachedBytes bytes of all artifacts on the disk
     * @param entries number of all artifacts on the disk
     * @param hitRatePpm hits among lookups in parts per million; 0 without lookups
     */
    public record HostStats(
            long lookups,
            long hits,
            long misses,
            long damaged,
            long puts,
            long rejectedPuts,
            long refusedPuts,
            long evictions,
            long evictedBytes,
            long flushes,
            long flushErrors,
            long cachedBytes,
            long entries,
            long hitRatePpm) {}
}
