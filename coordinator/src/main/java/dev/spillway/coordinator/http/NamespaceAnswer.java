package dev.spillway.coordinator.http;

import dev.spillway.events.EvictionCause;
import dev.spillway.events.NamespaceName;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A namespace: its policy and its figures.
 *
 * @param maxEntries    absent for no bound
 * @param maxBytes      absent for no bound
 * @param ttl           absent for none
 * @param maxIdle       absent for none
 * @param bytes         allocated bytes of its entries
 * @param pinnedEntries those among the entries that no limit counts; {@code pinnedBytes} likewise
 * @param evictions     how many of each cause; a cause that never happened is absent
 */
public record NamespaceAnswer(NamespaceName name, @Nullable Long maxEntries, @Nullable Long maxBytes, @Nullable Duration ttl,
        @Nullable Duration maxIdle, double lowWatermark, double maxEvictionShare, long entries, long bytes, long pinnedEntries,
        long pinnedBytes, long hits, long misses, Map<EvictionCause, Long> evictions) {}
