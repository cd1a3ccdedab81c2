package dev.spillway.coordinator.http;

import dev.spillway.events.EvictionCause;
import dev.spillway.events.NamespaceName;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A namespace: its policy and its figures.
 *
 * @param maxEntries absent for no bound
 * @param maxBytes   absent for no bound
 * @param bytes      allocated bytes of its entries
 * @param evictions  how many of each cause; a cause that never happened is absent
 */
public record NamespaceAnswer(NamespaceName name, @Nullable Long maxEntries, @Nullable Long maxBytes, double maxEvictionShare, long entries,
        long bytes,
        long hits, long misses, Map<EvictionCause, Long> evictions) {}
