package dev.spillway.coordinator.http;

import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.EvictedEntry;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The entry is stored.
 *
 * @param replaced the snapshot that the key named before, if it was another
 * @param evicted  what went to make room, oldest first
 */
public record EntryPutAnswer(long generation, @Nullable SnapshotId replaced, List<EvictedEntry> evicted) {}
