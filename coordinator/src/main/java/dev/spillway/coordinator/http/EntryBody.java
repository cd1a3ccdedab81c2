package dev.spillway.coordinator.http;

import dev.spillway.events.SnapshotId;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * What {@code PUT /v1/namespaces/{ns}/entries/{key}} stores.
 *
 * @param sizeBytes 0 or more allocated bytes, 0 if absent
 */
public record EntryBody(SnapshotId snapshotId, @Nullable Long sizeBytes, @Nullable String description,
        @Nullable SortedMap<String, String> labels) {}
