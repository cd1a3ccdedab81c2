package dev.spillway.artifacts;

import dev.spillway.artifacts.DiskIndex.Place;
import dev.spillway.artifacts.DiskIndex.Stored;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The segments of a store. One thread at a time appends records, under the lock {@link #appending}. One sync serves all callers that flush at the
 * same time. When the segments take too much space, some are emptied: the records that are still needed are copied to the end of the log.
 */
final class SegmentLog {
    private static final int SLACK = 4;
    private static final int SEGMENTS_MIN = 8;
    private static final int DEAD_SEGMENTS = 4;

    private final Path directory;
    private final long segmentBytes;
    private final long maxBytes;
    private final DiskIndex index;
    private final LargeFiles files;
    private final LongAdder damaged;

    /** Held by a thread that writes to segments. Lock order: {@link #flushing}, this one, the index's monitor. */
    private final Lock appending = new ReentrantLock();
    private final TreeMap<Long, Segment> segments = new TreeMap<>();
    private @Nullable Segment active;
    private final byte[] buffer = new byte[Segment.COPIED_AT_ONCE];
    private List<SegmentRecord> activeRecords = new ArrayList<>();
    private Set<Segment> unsynced = new HashSet<>();
    /** Removals that could not be written yet. */
    private final Deque<Fingerprint> owed = new ArrayDeque<>();
    private final AtomicLong appended = new AtomicLong();
    /** Bytes of records that died since the last check of the space. Guarded by {@link #appending}. */
    private long diedUnseen;
    /** Guarded by {@link #appending}. Also read without the lock, as a hint. */
    private volatile boolean crowded;
    /** Guarded by {@link #appending}. */
    private boolean closed;

    /** Held by a thread that syncs. */
    private final Lock flushing = new ReentrantLock();
    private volatile long synced;
    /** True after a failed sync. Linux reports a failed write only once: a later sync would succeed although bytes are lost. */
    private boolean syncFailed;
    /** True if the directory has new names that are not synced yet. */
    private volatile boolean namesUnsynced;
    private final LongAdder syncs = new LongAdder();

    /** @param damaged counts artifacts that are found damaged */
    SegmentLog(Path directory, long segmentBytes, long maxBytes, DiskIndex index, LargeFiles files, LongAdder damaged) {
        this.directory = directory;
        this.segmentBytes = segmentBytes;
        this.maxBytes = maxBytes;
        this.index = index;
        this.files = files;
        this.damaged = damaged;
    }

    /** Takes a record that is read at the start. */
    @FunctionalInterface
    interface Loading {
        void load(Segment segment, SegmentRecord record) throws IOException;
    }

    /** Reads all records in the order of writing. */
    void load(Loading loading) throws IOException {
        for (Path path : Segment.list(directory)) {
            Segment segment = Segment.open(path);
            segments.put(segment.number(), segment);
            for (SegmentRecord record : segment.records(damaged)) {
                if (record.kind() == SegmentRecord.Kind.REMOVE) {
                    segment.removal(record);
                }
                loading.load(segment, record);
            }
        }
    }

    Lock appending() {
        return appending;
    }

    /** Appends a record of an artifact, and returns its place. */
    Place append(SegmentRecord.Kind kind, Fingerprint fingerprint, MemorySegment content, @Nullable LargeFile file) throws IOException {
        makeRoom(content.byteSize());
        namesUnsynced |= file != null;
        return new Place(segment(), write(kind, fingerprint, content), file);
    }

    /** Appends the removal of an artifact. */
    void appendRemoval(Fingerprint fingerprint) throws IOException {
        makeRoom(0);
        segment().removal(write(SegmentRecord.Kind.REMOVE, fingerprint, MemorySegment.NULL));
    }

    private SegmentRecord write(SegmentRecord.Kind kind, Fingerprint fingerprint, MemorySegment content) throws IOException {
        SegmentRecord record = segment().append(kind, fingerprint, content, buffer);
        unsynced.add(segment());
        activeRecords.add(record);
        appended.addAndGet(record.space());
        return record;
    }

    /** Notes the former place of an artifact that was removed from the index or replaced, whose record is dead now. */
    void died(@Nullable Place place) {
        diedUnseen += place == null ? 0 : place.record().space();
        if (diedUnseen > segmentBytes || files.replacedBytes() > segmentBytes) {
            crowded = true;
        }
    }

    /** Notes a removal whose record is written later. */
    void owe(Fingerprint fingerprint) {
        owed.add(fingerprint);
    }

    /** Writes the records of noted removals, if the disk takes them. The rest is written later; after a crash, these artifacts are evicted again. */
    void payOwed() {
        try {
            writeOwed();
        } catch (IOException e) {
            // The next flush tries again, and throws.
        }
    }

    private void writeOwed() throws IOException {
        for (Fingerprint fingerprint = owed.peek(); fingerprint != null; fingerprint = owed.peek()) {
            if (!index.contains(fingerprint)) {
                appendRemoval(fingerprint);
            }
            owed.remove();
        }
    }

    private Segment segment() {
        if (active == null) {
            throw new IllegalStateException("no segment (expected: made before anything is written)");
        }
        return active;
    }

    /** Begins the next segment if the current one is full. */
    private void makeRoom(long length) throws IOException {
        if (active != null && active.hasRoomFor(length)) {
            return;
        }
        seal();
        Segment next = Segment.create(directory, segments.isEmpty() ? 0 : segments.lastKey() + 1, segmentBytes);
        segments.put(next.number(), next);
        active = next;
        crowded |= isCrowded();
    }

    private void seal() {
        if (active != null) {
            active.seal(activeRecords);
            activeRecords = new ArrayList<>();
            active = null;
        }
    }

    /** Returns whether the segments take too much space, or are too many, as after many short runs. */
    private boolean isCrowded() {
        diedUnseen = 0;
        long held = index.packedBytes();
        long bound = Math.min(maxBytes + maxBytes / SLACK, held + held / 2 + DEAD_SEGMENTS * segmentBytes);
        return segments.values().stream().mapToLong(Segment::size).sum() > bound
                || segments.size() > SEGMENTS_MIN + 2 * (bound / segmentBytes);
    }

    /** Empties segments while they take too much space. Ignores a failure, because the caller's change is complete; a later call tries again. */
    void compactIfCrowded() {
        if (crowded) {
            try {
                compact();
            } catch (IOException e) {
                // The next flush throws if the log still cannot be written.
            }
        }
    }

    /** Copies the needed records out of segments, and deletes the segments. */
    private void compact() throws IOException {
        flushing.lock();
        appending.lock();
        try {
            if (!closed && files.replacedBytes() > segmentBytes) {
                syncAppended();
                files.delete(files.takeReplaced());
            }
            while (!closed && isCrowded() && segments.size() > 1) {
                Segment emptied = toEmpty();
                copyFrom(emptied);
                syncAppended();
                segments.remove(emptied.number());
                emptied.delete();
            }
            crowded = false;
        } finally {
            appending.unlock();
            flushing.unlock();
        }
    }

    /**
     * Returns the segment with the most dead bytes if more than a quarter of it is dead; otherwise the oldest, whose removals are not needed any
     * more.
     */
    private Segment toEmpty() {
        Segment oldest = segments.firstEntry().getValue();
        Segment most = segments.values()
                .stream()
                .filter(segment -> segment != active)
                .max(Comparator.comparingLong(segment -> segment.dead(segment == oldest)))
                .orElse(oldest);
        return most.dead(most == oldest) > most.size() / SLACK ? most : oldest;
    }

    private void copyFrom(Segment emptied) throws IOException {
        boolean oldest = segments.firstKey() == emptied.number();
        Map<Fingerprint, Stored> counting = index.in(emptied);
        for (SegmentRecord record : emptied.records(new LongAdder())) {
            Stored stored = counting.get(record.fingerprint());
            if (stored != null && stored.isIn(record)) {
                copy(emptied, record, stored);
            } else if (record.kind() == SegmentRecord.Kind.REMOVE && !oldest && !index.contains(record.fingerprint())) {
                appendRemoval(record.fingerprint());
            }
        }
    }

    private void copy(Segment from, SegmentRecord record, Stored stored) throws IOException {
        byte[] bytes = from.read(record);
        if (!record.isIntact(bytes)) {
            damaged.increment();
            Place lost = index.remove(record.fingerprint());
            files.removed(lost == null ? null : lost.file());
            return;
        }
        makeRoom(record.length());
        SegmentRecord copy = write(record.kind(), record.fingerprint(), record.content(bytes).content());
        index.move(stored, segment(), copy);
    }

    /** Syncs all appended records. The caller holds both locks. */
    private void syncAppended() throws IOException {
        sync(unsynced);
        unsynced.clear();
    }

    private void sync(Set<Segment> syncing) throws IOException {
        if (syncFailed) {
            throw new IOException("%s: was not synced earlier (expected: the store opened again)".formatted(directory));
        }
        syncFailed = true;
        if (namesUnsynced) {
            namesUnsynced = false;
            Segment.syncDirectory(directory);
        }
        for (Segment segment : syncing) {
            segment.sync();
            syncs.increment();
        }
        syncFailed = false;
    }

    /** Syncs all segments, also those of earlier processes. */
    void syncAll() throws IOException {
        for (Segment segment : segments.values()) {
            segment.sync();
        }
    }

    /** Makes all records that were appended before survive a loss of power. After a failure each later flush fails. */
    void flush() throws IOException {
        long wanted = appended.get();
        flushing.lock();
        try {
            // The thread that had the lock before may have synced this caller's records.
            if (syncFailed || synced < wanted || hasOwed()) {
                flushNow();
            }
        } finally {
            flushing.unlock();
        }
    }

    private boolean hasOwed() {
        appending.lock();
        try {
            return !owed.isEmpty();
        } finally {
            appending.unlock();
        }
    }

    private void flushNow() throws IOException {
        Set<Segment> syncing;
        List<LargeFile> needless;
        long upTo;
        appending.lock();
        try {
            if (closed) {
                throw new IllegalStateException("%s: is closed".formatted(directory));
            }
            writeOwed();
            syncing = unsynced;
            unsynced = new HashSet<>();
            needless = files.takeReplaced();
            upTo = appended.get();
        } finally {
            appending.unlock();
        }
        sync(syncing);
        synced = upTo;
        files.delete(needless);
    }

    long syncs() {
        return syncs.sum();
    }

    /** Flushes, and closes the files. */
    void close() throws IOException {
        flushing.lock();
        appending.lock();
        try {
            flushNow();
            seal();
        } finally {
            closed = true;
            try {
                release();
            } finally {
                appending.unlock();
                flushing.unlock();
            }
        }
    }

    /** Closes the files without a flush. */
    void release() throws IOException {
        for (Segment segment : segments.values()) {
            segment.close();
        }
    }
}
