package dev.spillway.api;

import dev.spillway.events.Backend;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.NamespaceName;
import java.time.Duration;
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
     */
    public record Put(@Nullable Long maxEntries, @Nullable Long maxBytes, @Nullable String ttl, @Nullable String maxIdle,
            @Nullable Double lowWatermark, @Nullable Double maxEvictionShare, @Nullable Backend backend, @Nullable String minResidency,
            @Nullable Boolean writeOnce) {}

    /**
     * The policy as it is after it was set.
     *
     * @param evicted how many entries went because of a lowered limit
     */
    public record Policy(NamespaceName name, @Nullable Long maxEntries, @Nullable Long maxBytes, @Nullable Duration ttl,
            @Nullable Duration maxIdle, double lowWatermark, double maxEvictionShare, Backend backend, @Nullable Duration minResidency,
            boolean writeOnce, long evicted) {}

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
            boolean writeOnce, long entries, long bytes, long pinnedEntries, long pinnedBytes, long hits, long misses,
            Map<EvictionCause, Long> evictions) {}

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
