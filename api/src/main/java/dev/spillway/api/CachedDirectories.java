package dev.spillway.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.spillway.events.EntryKey;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.EvictedEntry;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Directory trees that a worker caches. */
public final class CachedDirectories {
    private CachedDirectories() {}

    /**
     * A directory of the worker's host to be stored.
     *
     * @param sourceDir  absolute path
     * @param mode       copy if absent
     * @param generation to add this host's copy of; absent for a new one
     * @param snapshotId which image was copied, beside a generation; absent where that is not known
     */
    public record Put(String sourceDir, @Nullable String description, @Nullable SortedMap<String, String> labels, @Nullable Mode mode,
            @Nullable Long generation, @Nullable SnapshotId snapshotId) {}

    /** Ways to take a tree, in lower case on the wire. */
    public enum Mode {
        @JsonProperty("copy")
        COPY,
        @JsonProperty("move")
        MOVE,
        @JsonProperty("reflink")
        REFLINK;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A stored tree.
     *
     * @param evicted what had to go for it, from all hosts, oldest first
     * @param notKept of how many entries something is not kept, by kind; absent where nothing was lost
     * @param sourceLeft of a move, what is still where the source was; absent where nothing is
     */
    public record Stored(String path, SnapshotId snapshotId, long generation, long sizeBytes, List<EvictedEntry> evicted,
            @JsonInclude(JsonInclude.Include.NON_EMPTY) @Nullable SortedMap<String, Long> notKept, @Nullable SourceLeft sourceLeft) {}

    /**
     * The part of a source that a move left behind, although its copy is an image.
     *
     * @param whole whether nothing of it was deleted
     * @param path the first thing that keeps it there, below the source; {@code .} for the source itself
     * @param why that stays, or nothing was deleted because of it
     */
    public record SourceLeft(boolean whole, String path, String why) {
        /** For people. */
        @Override
        public String toString() {
            return "%s stays: %s: %s".formatted(whole ? "all of it" : "a part", path, why);
        }
    }

    /**
     * A tree that is served here.
     *
     * @param hold absent if none was asked for; the path may then be gone at any time after the answer
     */
    public record Found(String path, SnapshotId snapshotId, long generation, long sizeBytes, Source source, @Nullable Hold hold) {}

    /** Origins of a found tree, in lower case on the wire. */
    public enum Source {
        @JsonProperty("local")
        LOCAL,
        @JsonProperty("peer")
        PEER
    }

    /** Until when the tree stays whole. */
    public record Hold(UUID id, Instant until) {}

    /** A tree that is served here, in a list. */
    public record Listed(EntryKey key, String description, SnapshotId snapshotId, long generation, long sizeBytes, Instant cachedAt,
            Instant lastAccessedAt) {}

    /** Totals of a namespace on one host; bytes are allocated blocks. */
    public record Stats(long entryCount, long totalBytes) {}

    /**
     * Evicts the least recently used entries of the namespace until it is within the bounds. One of them must be there.
     *
     * @param maxEntries 0 or more
     * @param maxBytes   0 or more allocated bytes
     */
    public record Prune(@Nullable Long maxEntries, @Nullable Long maxBytes) {}

    /** Number of entries that a prune evicted, from all hosts. */
    public record Pruned(long evicted) {}

    /**
     * The put of a key on one host.
     *
     * @param work the put that has been under way for the longest time; absent where there is none
     */
    public record PutUnderWay(@Nullable Work work) {}
}
