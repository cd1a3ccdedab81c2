package dev.spillway.api.body;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.spillway.events.Backend;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EvictionPolicy;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import dev.spillway.events.SnapshotId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Prunes and plans. A plan shows which entries would be evicted and why; applying it evicts exactly these. */
public final class Plans {
    private Plans() {}

    /**
     * Asks for a prune. It evicts the entries that are idle for longer than {@code idleFor}, and further unpinned ones, in the order of eviction,
     * until the remaining ones are within the bounds. At least one of the three must be given.
     *
     * @param maxEntries 0 or more
     * @param maxBytes   0 or more allocated bytes
     * @param idleFor    in ISO 8601
     * @param keyPrefix  only entries whose keys begin with it are counted and evicted
     * @param dryRun     whether only the plan is made; false if absent
     */
    public record Prune(
            @Nullable Long maxEntries,
            @Nullable Long maxBytes,
            @Nullable String idleFor,
            @Nullable EntryKey keyPrefix,
            @Nullable Boolean dryRun) {}

    /**
     * A plan with its results.
     *
     * @param actor            party that requested it
     * @param namespaceEntries number of entries of the namespace when it was made
     * @param allowed          number of evictions allowed without confirmation
     * @param hitRateCost      estimated loss of hit rate, from 0 to 1, until the namespace has grown again; absent in lists, once the plan is being
     *                         applied, and if nothing is known
     * @param applied          results; absent until it is applied
     * @param policySet        whether an applied plan has set its policy; absent for other plans
     * @param victims          the first 100 victims: all before it is applied, then only those that were not evicted, with the reason. Absent in
     *                         lists
     * @param next             value of {@code ?after=} for more of the plan's victims; absent if there are no more
     */
    public record Plan(
            PlanId id,
            NamespaceName namespace,
            Purpose purpose,
            State state,
            String actor,
            long namespaceEntries,
            long allowed,
            long victimCount,
            long victimBytes,
            @Nullable Double hitRateCost,
            @Nullable Applied applied,
            @Nullable Boolean policySet,
            @Nullable List<Victim> victims,
            @Nullable String next,
            Instant createdAt,
            Instant expiresAt,
            @Nullable Instant appliedAt) {}

    /** The purpose of a plan. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
    @JsonSubTypes({
            @JsonSubTypes.Type(value = ToPrune.class, name = "PRUNE"),
            @JsonSubTypes.Type(value = ToSetPolicy.class, name = "POLICY")})
    public sealed interface Purpose {}

    /** A prune, with the fields of {@link Prune}. */
    public record ToPrune(@Nullable Long maxEntries, @Nullable Long maxBytes, @Nullable Duration idleFor, @Nullable EntryKey keyPrefix)
            implements Purpose {}

    /** A change of policy, after evicting the entries that its limits leave no room for and those that its times end. */
    public record ToSetPolicy(PolicyChange change) implements Purpose {}

    /**
     * The change of a policy.
     *
     * @param given names of the fields that take their value here; all others stay as they are
     */
    public record PolicyChange(
            List<String> given,
            @Nullable Long maxEntries,
            @Nullable Long maxBytes,
            @Nullable Duration ttl,
            @Nullable Duration maxIdle,
            @Nullable Double lowWatermark,
            @Nullable Double maxEvictionShare,
            @Nullable Backend backend,
            @Nullable Duration minResidency,
            @Nullable Boolean writeOnce,
            @Nullable EvictionPolicy evictionPolicy) {}

    /** The state of a plan. */
    public enum State {
        /** Its victims are still being chosen. */
        MAKING,
        /** It can be applied. */
        OPEN,
        /** It was carried out in part. Applying it again continues. */
        APPLYING,
        /** Nothing of it is left to do. */
        APPLIED
    }

    /**
     * The outcomes of the victims.
     *
     * @param remaining number of victims that are not settled yet
     * @param beyond    number of further entries that were evicted because they were put after the plan was made and the new limits left no room for
     *                  them
     */
    public record Applied(
            long evicted,
            long evictedBytes,
            long gone,
            long replaced,
            long pinned,
            long used,
            long remaining,
            @Nullable Long beyond) {}

    /**
     * An entry that a plan evicts.
     *
     * @param outcome its outcome; absent until the plan is applied
     */
    public record Victim(
            long number,
            EntryKey key,
            SnapshotId snapshotId,
            long generation,
            long sizeBytes,
            Reason reason,
            @Nullable Outcome outcome) {}

    /** The reason for choosing a victim. */
    public enum Reason {
        /** Its age exceeds the new TTL. */
        EXPIRED,
        /** It was not used for longer than the time asked for. */
        IDLE,
        /** It was next in the order of eviction while there were too many entries. */
        OVER_MAX_ENTRIES,
        /** It was next in the order of eviction while the entries had too many bytes. */
        OVER_MAX_BYTES
    }

    /** The outcome of a victim. */
    public enum Outcome {
        EVICTED,
        /** The entry no longer existed. */
        GONE,
        /** Its key named another image. */
        REPLACED,
        /** It was pinned. */
        PINNED,
        /** It was used. */
        USED
    }
}
