package dev.spillway.api;

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
     * What a policy is set to. A field that is absent stays as it is; one that is null loses its limit, or gets its default back. A new namespace
     * has no limit where none is given.
     *
     * @param maxEntries       1 or more
     * @param maxBytes         0 or more allocated bytes
     * @param ttl              how long after it was put an entry goes, in ISO 8601
     * @param maxIdle          how long after its last use an entry goes, in ISO 8601
     * @param lowWatermark     share of the limits, above 0 and at most 1, down to which a put that exceeds one of them evicts; 1 by default
     * @param maxEvictionShare share of the entries that one prune, lowered limit or shortened time may evict, above 0 and at most 1
     * @param backend          kind of the images; cannot change while the namespace has entries
     * @param minResidency     time from its last put or get during which no put evicts an entry to make room, in ISO 8601; artifacts only
     * @param writeOnce        whether a key keeps its first content; artifacts only
     * @param evictionPolicy   order in which entries go when there is no room; LRU by default
     */
    public record Put(@Nullable Long maxEntries, @Nullable Long maxBytes, @Nullable String ttl, @Nullable String maxIdle,
            @Nullable Double lowWatermark, @Nullable Double maxEvictionShare, @Nullable Backend backend, @Nullable String minResidency,
            @Nullable Boolean writeOnce, @Nullable EvictionPolicy evictionPolicy) {}

    /**
     * The policy as it is after it was set.
     *
     * @param evicted how many entries went because of a lowered limit
     */
    public record Policy(NamespaceName name, @Nullable Long maxEntries, @Nullable Long maxBytes, @Nullable Duration ttl,
            @Nullable Duration maxIdle, double lowWatermark, double maxEvictionShare, Backend backend, @Nullable Duration minResidency,
            boolean writeOnce, EvictionPolicy evictionPolicy, long evicted) {}

    /**
     * A namespace: its policy and its figures.
     *
     * @param maxEntries    absent for no bound
     * @param maxBytes      absent for no bound
     * @param ttl           absent for none
     * @param maxIdle       absent for none
     * @param minResidency  absent for no promise
     * @param bytes         allocated bytes of its entries
     * @param pinnedEntries those among the entries that no limit counts; {@code pinnedBytes} likewise
     * @param evictions     how many of each cause; a cause that never happened is absent
     */
    public record Namespace(NamespaceName name, @Nullable Long maxEntries, @Nullable Long maxBytes, @Nullable Duration ttl,
            @Nullable Duration maxIdle, double lowWatermark, double maxEvictionShare, Backend backend, @Nullable Duration minResidency,
            boolean writeOnce, EvictionPolicy evictionPolicy, long entries, long bytes, long pinnedEntries, long pinnedBytes, long hits,
            long misses,
            Map<EvictionCause, Long> evictions) {}

    /**
     * The hit rate that a namespace would have at other sizes, estimated from the accesses that the registry accepted.
     *
     * @param accesses     number of accesses that it rests on; the weight of each falls by half in a week
     * @param sampledKeys  number of keys that are followed
     * @param samplingRate share of all keys that are followed, above 0 and at most 1
     * @param hitRate      at the present number of entries
     * @param byEntries    over the number of unpinned entries, both rising
     * @param byBytes      over their bytes, likewise
     */
    public record Curve(NamespaceName namespace, long accesses, int sampledKeys, double samplingRate, double hitRate,
            List<CurvePoint> byEntries, List<CurvePoint> byBytes) {}

    /** A hit rate, from 0 to 1, that a size is enough for. */
    public record CurvePoint(long size, double hitRate) {}

    /**
     * Counted reads of a namespace within an interval of five minutes.
     *
     * @param entries number of entries at its end, and their {@code bytes}
     */
    public record Usage(Instant beganAt, long hits, long misses, long entries, long bytes) {}

    /**
     * Says that everything in a namespace is to go.
     *
     * @param confirm the name of the namespace
     */
    public record Clean(String confirm) {}

    /**
     * What one request of a clean did.
     *
     * @param remaining entries that are still there; when it is not 0, ask again
     */
    public record Cleaned(long evicted, long remaining) {}
}
