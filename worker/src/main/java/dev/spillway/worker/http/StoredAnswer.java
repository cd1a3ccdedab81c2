package dev.spillway.worker.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.EvictedEntry;
import dev.spillway.worker.filesystem.SourceLeft;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * A stored tree.
 *
 * @param evicted what had to go for it, from all hosts, oldest first
 * @param notKept of how many entries something is not kept, by kind; absent where nothing was lost
 * @param sourceLeft of a move, what is still where the source was; absent where nothing is
 */
public record StoredAnswer(String path, SnapshotId snapshotId, long generation, long sizeBytes, List<EvictedEntry> evicted,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) @Nullable SortedMap<String, Long> notKept, @Nullable SourceLeft sourceLeft) {}
