package dev.spillway.api.body;

import dev.spillway.events.Backend;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionPolicy;
import dev.spillway.events.NamespaceName;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Namespaces: their policies and figures, and the clean. */
public final class Namespaces {
    private Namespaces() {}

    /**
     * Sets fields of a policy. An absent field stays as it is. A null field removes the limit, or restores the default. A new namespace has no limits
     * except those given.
     *
     * @param maxEntries       1 or more
     * @param maxBytes         0 or more allocated bytes
     * @param ttl              time after its put at which an entry is evicted, in ISO 8601
     * @param maxIdle          time after its last use at which an entry is evicted, in ISO 8601
     * @param lowWatermark     share of the limits, above 0 and at most 1, down to which a put that exceeds one of them evicts; 1 by default
     * @param maxEvictionShare share of the entries that one prune, lowered limit or shortened time may evict without confirmation, above 0 and at
     *                         most 1
     * @param backend          kind of the images; cannot change while the namespace has entries
     * @param minResidency     time from its last put or get during which no put evicts an entry to make room, in ISO 8601; artifacts only
     * @param writeOnce        whether a key keeps its first content; artifacts only
     * @param evictionPolicy   order in which entries are evicted to make room; LRU by default
     */
    public record Put(
            @Nullable Long maxEntries,
            @Nullable Long maxBytes,
            @Nullable String ttl,
            @Nullable String maxIdle,
            @Nullable Double lowWatermark,
            @Nullable Double maxEvictionShare,
            @Nullable Backend backend,
            @Nullable String minResidency,
            @Nullable Boolean writeOnce,
            @Nullable EvictionPolicy evictionPolicy) {}

    /**
     * The policy after the change.
     *
     * @param evicted number of entries that the change evicted
     */
    public record Policy(
            NamespaceName name,
            @Nullable Long maxEntries,
            @Nullable Long maxBytes,
            @Nullable Duration ttl,
            @Nullable Duration maxIdle,
            double lowWatermark,
            double maxEvictionShare,
            Backend backend,
            @Nullable Duration minResidency,
            boolean writeOnce,
            EvictionPolicy evictionPolicy,
            long evicted) {}

    /**
     * A namespace: its policy and its figures.
     *
     * @param maxEntries    absent for no bound
     * @param maxBytes      absent for no bound
     * @param ttl           absent for none
     * @param maxIdle       absent for none
     * @param minResidency  absent for none
     * @param bytes         allocated bytes of its entries
     * @param pinnedEntries number of pinned entries, which count for no limit; {@code pinnedBytes} likewise
     * @param evictions     number of evictions by cause; causes without evictions are absent
     */
    public record Namespace(
            NamespaceName name,
            @Nullable Long maxEntries,
            @Nullable Long maxBytes,
            @Nullable Duration ttl,
            @Nullable Duration maxIdle,
            double lowWatermark,
            double maxEvictionShare,
            Backend backend,
            @Nullable Duration minResidency,
            boolean writeOnce,
            EvictionPolicy evictionPolicy,
            long entries,
            long bytes,
            long pinnedEntries,
            long pinnedBytes,
            long hits,
            long misses,
            Map<EvictionCause, Long> evictions) {}

    /**
     * The hit rate that a namespace would have at other sizes, estimated from the accesses that the registry accepted.
     *
     * @param accesses     weighted number of accesses behind the curve; the weight of an access halves each week
     * @param sampledKeys  number of sampled keys
     * @param samplingRate share of all keys that is sampled, above 0 and at most 1
     * @param hitRate      hit rate at the present number of entries
     * @param byEntries    hit rate as a function of the number of unpinned entries, both rising
     * @param byBytes      hit rate as a function of their bytes, likewise
     */
    public record Curve(
            NamespaceName namespace,
            long accesses,
            int sampledKeys,
            double samplingRate,
            double hitRate,
            List<CurvePoint> byEntries,
            List<CurvePoint> byBytes) {}

    /** A size with its hit rate, from 0 to 1. */
    public record CurvePoint(long size, double hitRate) {}

    /**
     * Counted reads of a namespace within an interval of five minutes.
     *
     * @param entries number of entries at the end of the interval; {@code bytes} likewise
     */
    public record Usage(Instant beganAt, long hits, long misses, long entries, long bytes) {}

    /**
     * Asks to evict all entries of a namespace.
     *
     * @param confirm the name of the namespace
     */
    public record Clean(String confirm) {}

    /**
     * The result of one request of a clean.
     *
     * @param remaining number of entries that are left; if it is not 0, the caller sends the request again
     */
    public record Cleaned(long evicted, long remaining) {}
}
