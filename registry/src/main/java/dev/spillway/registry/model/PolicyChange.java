package dev.spillway.registry.model;

import dev.spillway.events.Backend;
import dev.spillway.events.EvictionPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A change of a policy. Every {@code given} field takes its value here; an absent value removes the limit or restores the default. All other fields
 * stay.
 */
public record PolicyChange(
        Set<PolicyField> given,
        @Nullable Long maxEntries,
        @Nullable Long maxBytes,
        @Nullable Duration ttl,
        @Nullable Duration maxIdle,
        @Nullable Double lowWatermark,
        @Nullable Double maxEvictionShare,
        @Nullable Backend backend,
        @Nullable Duration minResidency,
        @Nullable Boolean writeOnce,
        @Nullable EvictionPolicy evictionPolicy) {
    /** Refuses values that no policy can have. */
    public PolicyChange {
        given = PolicyField.copy(given);
        var _ = new Policy(
                maxEntries,
                maxBytes,
                ttl,
                maxIdle,
                lowWatermark == null ? Policy.DEFAULT_LOW_WATERMARK : lowWatermark,
                maxEvictionShare == null ? Policy.DEFAULT_EVICTION_SHARE : maxEvictionShare,
                // Values that the backend or the order of eviction excludes are refused when the change is applied.
                Backend.ARTIFACT,
                minResidency,
                false,
                EvictionPolicy.LRU);
    }

    /** Changes the limits and times of entries. */
    public PolicyChange(
            Set<PolicyField> given,
            @Nullable Long maxEntries,
            @Nullable Long maxBytes,
            @Nullable Duration ttl,
            @Nullable Duration maxIdle,
            @Nullable Double lowWatermark,
            @Nullable Double maxEvictionShare) {
        this(given, maxEntries, maxBytes, ttl, maxIdle, lowWatermark, maxEvictionShare, null, null, null, null);
    }

    /** Returns the change that makes a namespace one of artifacts. */
    public static PolicyChange toArtifacts(@Nullable Duration minResidency, boolean writeOnce) {
        return new PolicyChange(
                PolicyField.of(PolicyField.BACKEND, PolicyField.MIN_RESIDENCY, PolicyField.WRITE_ONCE),
                null,
                null,
                null,
                null,
                null,
                null,
                Backend.ARTIFACT,
                minResidency,
                writeOnce,
                null);
    }

    /** Sets the values that are not null, and leaves all others. */
    public static PolicyChange to(@Nullable Long maxEntries, @Nullable Long maxBytes, @Nullable Double maxEvictionShare) {
        List<PolicyField> given = new ArrayList<>();
        if (maxEntries != null) {
            given.add(PolicyField.MAX_ENTRIES);
        }
        if (maxBytes != null) {
            given.add(PolicyField.MAX_BYTES);
        }
        if (maxEvictionShare != null) {
            given.add(PolicyField.MAX_EVICTION_SHARE);
        }
        return new PolicyChange(PolicyField.copy(given), maxEntries, maxBytes, null, null, null, maxEvictionShare);
    }

    /** Sets or removes the time to live alone. */
    public static PolicyChange ofTtl(@Nullable Duration ttl) {
        return new PolicyChange(PolicyField.of(PolicyField.TTL), null, null, ttl, null, null, null);
    }

    /** Sets or removes the idle limit alone. */
    public static PolicyChange ofMaxIdle(@Nullable Duration maxIdle) {
        return new PolicyChange(PolicyField.of(PolicyField.MAX_IDLE), null, null, null, maxIdle, null, null);
    }

    /** Sets the low watermark alone, or restores its default. */
    public static PolicyChange ofLowWatermark(@Nullable Double lowWatermark) {
        return new PolicyChange(PolicyField.of(PolicyField.LOW_WATERMARK), null, null, null, null, lowWatermark, null);
    }

    /** Sets the order of eviction alone. */
    public static PolicyChange ofEvictionPolicy(EvictionPolicy policy) {
        return new PolicyChange(PolicyField.of(PolicyField.EVICTION_POLICY), null, null, null, null, null, null, null, null, null, policy);
    }

    public Policy appliedTo(Policy before) {
        return before.with(
                copy -> copy.maxEntries(changed(PolicyField.MAX_ENTRIES, maxEntries, before.maxEntries()))
                        .maxBytes(changed(PolicyField.MAX_BYTES, maxBytes, before.maxBytes()))
                        .ttl(changed(PolicyField.TTL, ttl, before.ttl()))
                        .maxIdle(changed(PolicyField.MAX_IDLE, maxIdle, before.maxIdle()))
                        .lowWatermark(changed(PolicyField.LOW_WATERMARK, lowWatermark, before.lowWatermark(), Policy.DEFAULT_LOW_WATERMARK))
                        .maxEvictionShare(
                                changed(
                                        PolicyField.MAX_EVICTION_SHARE,
                                        maxEvictionShare,
                                        before.maxEvictionShare(),
                                        Policy.DEFAULT_EVICTION_SHARE))
                        .backend(changed(PolicyField.BACKEND, backend, before.backend(), Backend.DIRECTORY))
                        .minResidency(changed(PolicyField.MIN_RESIDENCY, minResidency, before.minResidency()))
                        .writeOnce(changed(PolicyField.WRITE_ONCE, writeOnce, before.writeOnce(), false))
                        .evictionPolicy(changed(PolicyField.EVICTION_POLICY, evictionPolicy, before.evictionPolicy(), EvictionPolicy.LRU)));
    }

    /** Returns the given fields by name, such as {@code maxEntries=10, ttl=none}. */
    @Override
    public String toString() {
        return given.stream().map(field -> field + "=" + Objects.toString(value(field), "none")).collect(Collectors.joining(", "));
    }

    private @Nullable Object value(PolicyField field) {
        return switch (field) {
            case MAX_ENTRIES -> maxEntries;
            case MAX_BYTES -> maxBytes;
            case TTL -> ttl;
            case MAX_IDLE -> maxIdle;
            case LOW_WATERMARK -> lowWatermark;
            case MAX_EVICTION_SHARE -> maxEvictionShare;
            case BACKEND -> backend;
            case MIN_RESIDENCY -> minResidency;
            case WRITE_ONCE -> writeOnce;
            case EVICTION_POLICY -> evictionPolicy;
        };
    }

    private <T> @Nullable T changed(PolicyField field, @Nullable T value, @Nullable T before) {
        return given.contains(field) ? value : before;
    }

    private <T> T changed(PolicyField field, @Nullable T value, T before, T fallback) {
        if (!given.contains(field)) {
            return before;
        }
        return value == null ? fallback : value;
    }
}
