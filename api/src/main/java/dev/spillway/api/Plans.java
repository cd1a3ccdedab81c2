package dev.spillway.api;

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

/** Prunes and plans: what would go and why, then exactly that. */
public final class Plans {
    private Plans() {}

    /**
     * What a prune evicts: what is idle for longer than {@code idleFor}, and more, least recently used first, until what is left of the unpinned
     * entries is within the bounds. One of the three must be there.
     *
     * @param maxEntries 0 or more
     * @param maxBytes   0 or more allocated bytes
     * @param idleFor    in ISO 8601
     * @param keyPrefix  only entries whose keys begin with it are counted and evicted
     * @param dryRun     make the plan and do nothing else; false if absent
     */
    public record Prune(@Nullable Long maxEntries, @Nullable Long maxBytes, @Nullable String idleFor, @Nullable EntryKey keyPrefix,
            @Nullable Boolean dryRun) {}

    /**
     * A plan and what became of it.
     *
     * @param actor            who asked for it
     * @param namespaceEntries entries of the namespace when it was made
     * @param allowed          how many of them may go without asking
     * @param hitRateCost      points of the hit rate, from 0 to 1, that it costs until the namespace has grown again, as an estimate; absent in lists, once
     *                         it is begun, and where nothing is known
     * @param applied          absent until it is applied
     * @param policySet        of an applied plan that was to set a policy: whether it is set
     * @param victims          before it is applied all victims, after that those that were not evicted and why; the first 100. Absent in lists
     * @param next             what {@code ?after=} of the plan's victims is to see more of them; absent when these are all
     */
    public record Plan(PlanId id, NamespaceName namespace, Purpose purpose, State state, String actor, long namespaceEntries, long allowed,
            long victimCount, long victimBytes, @Nullable Double hitRateCost, @Nullable Applied applied, @Nullable Boolean policySet,
            @Nullable List<Victim> victims,
            @Nullable String next, Instant createdAt, Instant expiresAt, @Nullable Instant appliedAt) {}

    /** What a plan was made for. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
    @JsonSubTypes({@JsonSubTypes.Type(value = ToPrune.class, name = "PRUNE"),
            @JsonSubTypes.Type(value = ToSetPolicy.class, name = "POLICY")})
    public sealed interface Purpose {}

    /** To evict as a {@link Prune} asks. */
    public record ToPrune(@Nullable Long maxEntries, @Nullable Long maxBytes, @Nullable Duration idleFor, @Nullable EntryKey keyPrefix)
            implements Purpose {}

    /** To change a policy, after evicting what its limits leave no room for. */
    public record ToSetPolicy(PolicyChange change) implements Purpose {}

    /**
     * What is to change in a policy.
     *
     * @param given names of the fields that take their value here; all others stay as they are
     */
    public record PolicyChange(List<String> given, @Nullable Long maxEntries, @Nullable Long maxBytes, @Nullable Duration ttl,
            @Nullable Duration maxIdle, @Nullable Double lowWatermark, @Nullable Double maxEvictionShare, @Nullable Backend backend,
            @Nullable Duration minResidency, @Nullable Boolean writeOnce, @Nullable EvictionPolicy evictionPolicy) {}

    /** How far a plan is. */
    public enum State {
        /** Its victims are still being chosen. */
        MAKING,
        /** It can be applied. */
        OPEN,
        /** It was carried out in part; applying it again goes on. */
        APPLYING,
        /** Nothing of it is left to do. */
        APPLIED
    }

    /**
     * What became of the victims.
     *
     * @param remaining how many were not looked at yet
     * @param beyond    entries that went besides, because they came after the plan and its new limits left no room for them
     */
    public record Applied(long evicted, long evictedBytes, long gone, long replaced, long pinned, long used, long remaining,
            @Nullable Long beyond) {}

    /**
     * An entry that is to go.
     *
     * @param outcome what became of it; absent until the plan is applied
     */
    public record Victim(long number, EntryKey key, SnapshotId snapshotId, long generation, long sizeBytes, Reason reason,
            @Nullable Outcome outcome) {}

    /** Why a victim was chosen. */
    public enum Reason {
        /** It was put longer ago than the new time to live. */
        EXPIRED,
        /** Nobody used it for longer than was asked for. */
        IDLE,
        /** It was among the least recently used while there were too many. */
        OVER_MAX_ENTRIES,
        /** It was among the least recently used while they had too many bytes. */
        OVER_MAX_BYTES
    }

    /** What became of a victim. */
    public enum Outcome {
        EVICTED,
        /** It was not there any more. */
        GONE,
        /** Its key had got another image. */
        REPLACED,
        /** Somebody had pinned it. */
        PINNED,
        /** Somebody had used it. */
        USED
    }
}
