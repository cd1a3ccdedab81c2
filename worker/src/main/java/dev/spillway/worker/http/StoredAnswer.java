package dev.spillway.worker.http;

import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.EvictedEntry;
import java.util.List;

/**
 * A stored tree.
 *
 * @param evicted what had to go for it, from all hosts, oldest first
 */
public record StoredAnswer(String path, SnapshotId snapshotId, long generation, long sizeBytes, List<EvictedEntry> evicted) {}
