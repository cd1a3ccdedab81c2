package dev.spillway.coordinator.http;

import org.jspecify.annotations.Nullable;

/**
 * What {@code PUT /v1/namespaces/{ns}} sets. A field that is absent stays as it is; one that is null loses its limit, or gets its default back. A
 * new namespace has no limit where none is given.
 *
 * @param maxEntries       1 or more
 * @param maxBytes         0 or more allocated bytes
 * @param ttl              how long after it was put an entry goes, in ISO 8601
 * @param maxIdle          how long after its last use an entry goes, in ISO 8601
 * @param lowWatermark     share of the limits, above 0 and at most 1, down to which a put that exceeds one of them evicts; 1 by default
 * @param maxEvictionShare share of the entries that one prune or lowered limit may evict, above 0 and at most 1
 */
public record NamespaceBody(@Nullable Long maxEntries, @Nullable Long maxBytes, @Nullable String ttl, @Nullable String maxIdle,
        @Nullable Double lowWatermark, @Nullable Double maxEvictionShare) {}
