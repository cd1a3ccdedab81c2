package dev.spillway.worker.http;

import dev.spillway.events.SnapshotId;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A tree that is served here.
 *
 * @param source always {@code local}
 * @param hold   absent if none was asked for; the path may then be gone at any time after the answer
 */
public record FoundAnswer(String path, SnapshotId snapshotId, long generation, long sizeBytes, String source, @Nullable HoldGranted hold) {
    /** Until when the tree stays whole. */
    public record HoldGranted(UUID id, Instant until) {}
}
