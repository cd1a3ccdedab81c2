package dev.spillway.api.body;

import dev.spillway.api.ProblemType;
import dev.spillway.events.ContentDigest;
import dev.spillway.events.EntryKey;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.EvictedEntry;
import dev.spillway.pager.LogicalSequence;
import dev.spillway.pager.PagerMeta;
import dev.spillway.pager.PagerRefusedException.Reason;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** KV pagers of a worker. */
public final class Pagers {
    private Pagers() {}

    /** Checks the name of a pager, and returns it. */
    public static String requireName(String name) {
        if (!NamespaceName.FORM.matcher(name).matches()) {
            throw new InvalidValueException(
                    "pager",
                    name,
                    "1 to 63 of a-z, 0-9, dot, hyphen and underscore, the first a letter or a digit");
        }
        return name;
    }

    /** Returns the problem that a client gets for a refusal of a pager. */
    public static ProblemType problemType(Reason reason) {
        return switch (reason) {
            case EXHAUSTED -> ProblemType.PAGES_EXHAUSTED;
            case CLOSED -> ProblemType.UNKNOWN_PAGER;
            case PAUSED -> ProblemType.PAGER_PAUSED;
            case BUSY -> ProblemType.PAGER_BUSY;
            case ENGINE_RUNS -> ProblemType.ENGINE_RUNS;
            case UNKNOWN -> ProblemType.UNKNOWN_IN_PAGER;
            case EXISTS -> ProblemType.SEQUENCE_EXISTS;
            case SHARED -> ProblemType.PAGE_SHARED;
            case RESERVED -> ProblemType.PAGE_RESERVED;
            case INVALID -> ProblemType.INVALID_IN_PAGER;
            case MISMATCH -> ProblemType.OTHER_LAYOUT;
            case DAMAGED -> ProblemType.SNAPSHOT_DAMAGED;
            case MEMORY_DAMAGED -> ProblemType.MEMORY_DAMAGED;
        };
    }

    /** Returns the reason of a pager's refusal that a problem stands for; empty if it is not one. */
    public static Optional<Reason> reason(ProblemType type) {
        return type == ProblemType.PAGER_EXISTS ? Optional.of(Reason.EXISTS)
                : Arrays.stream(Reason.values()).filter(reason -> problemType(reason) == type).findFirst();
    }

    /**
     * A pager to create.
     *
     * @param sequences largest number of sequences if there are pools of state; 256 if absent
     * @param file      whether it lies in a file that an engine may map; false if absent
     * @param saves     number of slots in the file for an engine that saves pages before it overwrites them; 64 if absent
     * @param checksums whether each write computes a hash that each read verifies; true if absent
     */
    public record Create(
            String name,
            PagerMeta meta,
            int pages,
            @Nullable Integer sequences,
            @Nullable Boolean file,
            @Nullable Integer saves,
            @Nullable Boolean checksums) {}

    /**
     * A pager.
     *
     * @param layout    fingerprint of pages and states
     * @param bytes     bytes of memory that it takes
     * @param path      path of its file on the worker's host; absent if it has none
     * @param paused    whether writes are paused
     * @param work      capture or restore that has been running for the longest time; absent if there is none
     */
    public record Pager(
            String name,
            PagerMeta meta,
            ContentDigest layout,
            int pages,
            int freePages,
            int sequences,
            long bytes,
            @Nullable String path,
            boolean paused,
            @Nullable Work work) {}

    /** Asks for free pages. */
    public record Allocate(int count) {}

    /** Physical indices of pages. */
    public record Pages(List<Integer> pages) {}

    /** Sequences to install, all or none. */
    public record Install(List<LogicalSequence> sequences) {}

    /**
     * A sequence of a pager.
     *
     * @param states number of the slot, by name of the pool of state
     */
    public record Sequence(String id, List<Integer> pages, int lastPageTokens, Map<String, Integer> states) {}

    /** Names the new sequence of a fork. */
    public record Fork(String id) {}

    /** Asks that a sequence does not share the page at a position with other sequences. */
    public record Own(int position) {}

    /** The page at that position. */
    public record Owned(int page) {}

    /** @param within time after which the pause ends by itself; at most 1 min, 10 s if absent */
    public record Quiesce(@Nullable Duration within) {}

    /** Names the entry under which a capture is stored. */
    public record Capture(NamespaceName namespace, EntryKey key, @Nullable String description) {}

    /**
     * A stored capture.
     *
     * @param snapshotId   digest of its content, equal for equal states
     * @param sizeBytes    bytes of its directory; packs that it shares with others count in full
     * @param pages        distinct pages of its sequences
     * @param pagesWritten number of contents that no snapshot of this host had
     * @param bytesWritten bytes that were written for it
     * @param pause        time for which writes were stopped
     * @param stayedPaused whether the engine stayed paused until everything was copied, because it does not save pages before it overwrites them
     * @param evicted      entries that were evicted to make room, from all hosts, oldest first
     */
    public record Captured(
            SnapshotId snapshotId,
            long generation,
            long sizeBytes,
            int sequences,
            int pages,
            int pagesWritten,
            long bytesWritten,
            Duration pause,
            boolean stayedPaused,
            List<EvictedEntry> evicted) {}

    /**
     * Names the entry to restore.
     *
     * @param fetch whether it is fetched from another host if this one does not have it; true if absent
     */
    public record Restore(NamespaceName namespace, EntryKey key, @Nullable Boolean fetch) {}

    /**
     * Restored sequences, with the pages that they have here.
     *
     * @param source where the snapshot came from
     */
    public record Restored(SnapshotId snapshotId, long generation, CachedDirectories.Source source, List<LogicalSequence> sequences) {}

    /** @param work the running verification; absent if there is none */
    public record Verification(@Nullable Work work) {}

    /** The result of a verification: every byte of the snapshot was read and is as captured. */
    public record Verified(
            SnapshotId snapshotId,
            long generation,
            PagerMeta meta,
            ContentDigest layout,
            int pages,
            List<String> sequences) {}
}
