package dev.spillway.api.body;

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
     * Asks to store a directory of the worker's host.
     *
     * @param sourceDir  absolute path
     * @param mode       copy if absent
     * @param generation generation of which this host adds a copy; absent for a new generation
     * @param snapshotId image that was copied, only with a generation; absent if it is not known
     */
    public record Put(
            String sourceDir,
            @Nullable String description,
            @Nullable SortedMap<String, String> labels,
            @Nullable Mode mode,
            @Nullable Long generation,
            @Nullable SnapshotId snapshotId) {}

    /** Ways to store a tree, in lower case on the wire. */
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
     * @param evicted entries that were evicted for it, from all hosts, oldest first
     * @param notKept by kind of attribute, number of files and directories for which it is not kept; absent if nothing was lost
     * @param sourceLeft after a move, what is left at the source; absent if nothing is
     */
    public record Stored(
            String path,
            SnapshotId snapshotId,
            long generation,
            long sizeBytes,
            List<EvictedEntry> evicted,
            @JsonInclude(JsonInclude.Include.NON_EMPTY) @Nullable SortedMap<String, Long> notKept,
            @Nullable SourceLeft sourceLeft) {}

    /**
     * The part of a source that a move left behind, although its copy is an image.
     *
     * @param whole whether nothing of it was deleted
     * @param path the first path that was left, relative to the source; {@code .} for the source itself
     * @param why reason why it was left, or why nothing was deleted
     */
    public record SourceLeft(boolean whole, String path, String why) {
        /** Returns a text for people. */
        @Override
        public String toString() {
            return "%s stays: %s: %s".formatted(whole ? "all of it" : "a part", path, why);
        }
    }

    /**
     * A tree that this host serves.
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

    /** A hold, with the time until which the tree stays whole. */
    public record Hold(UUID id, Instant until) {}

    /** A tree that this host serves, in a list. */
    public record Listed(
            EntryKey key,
            String description,
            SnapshotId snapshotId,
            long generation,
            long sizeBytes,
            Instant cachedAt,
            Instant lastAccessedAt) {}

    /** Totals of a namespace on one host; bytes are allocated blocks. */
    public record Stats(long entryCount, long totalBytes) {}

    /**
     * Evicts entries of the namespace in the order of eviction until it is within the bounds. At least one bound must be given.
     *
     * @param maxEntries 0 or more
     * @param maxBytes   0 or more allocated bytes
     */
    public record Prune(@Nullable Long maxEntries, @Nullable Long maxBytes) {}

    /** Number of entries that a prune evicted, from all hosts. */
    public record Pruned(long evicted) {}

    /**
     * The present put of a key on one host.
     *
     * @param work the put that has been running for the longest time; absent if there is none
     */
    public record PutUnderWay(@Nullable Work work) {}
}
