package dev.spillway.coordinator.http;

import org.jspecify.annotations.Nullable;

/**
 * What {@code PUT /v1/namespaces/{ns}} sets. Absent values stay as they are; a new namespace has no bound where none is given.
 *
 * @param maxEntries       1 or more
 * @param maxBytes         0 or more allocated bytes
 * @param maxEvictionShare share of the entries that one lowered limit may evict, above 0 and at most 1
 */
public record NamespaceBody(@Nullable Long maxEntries, @Nullable Long maxBytes, @Nullable Double maxEvictionShare) {}
