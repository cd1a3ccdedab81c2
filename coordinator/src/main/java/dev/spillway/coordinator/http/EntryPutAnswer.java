package dev.spillway.coordinator.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.EvictedEntry;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The entry is stored.
 *
 * @param replaced the snapshot that the key named before, if it was another; null is told too
 * @param evicted  what went to make room, oldest first
 */
public record EntryPutAnswer(long generation, @JsonInclude @Nullable SnapshotId replaced, List<EvictedEntry> evicted) {}
