package dev.spillway.coordinator.http;

import dev.spillway.events.EntryKey;
import org.jspecify.annotations.Nullable;

/**
 * What {@code POST /v1/namespaces/{ns}/prune} evicts: what is idle for longer than {@code idleFor}, and more, least recently used first, until what
 * is left of the unpinned entries is within the bounds. One of the three must be there.
 *
 * @param maxEntries 0 or more
 * @param maxBytes   0 or more allocated bytes
 * @param idleFor    in ISO 8601
 * @param keyPrefix  only entries whose keys begin with it are counted and evicted
 * @param dryRun     make the plan and do nothing else; false if absent
 */
public record PruneBody(@Nullable Long maxEntries, @Nullable Long maxBytes, @Nullable String idleFor, @Nullable EntryKey keyPrefix,
        @Nullable Boolean dryRun) {}
