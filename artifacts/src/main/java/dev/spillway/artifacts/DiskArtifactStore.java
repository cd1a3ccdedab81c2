package dev.spillway.artifacts;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Keeps artifacts in a directory, appended to segments one after the other. One process at a time has it open.
 *
 * <p>Every read checks the artifact by a checksum that covers its fingerprint. One sync serves all callers that flush at the same time. After a crash
 * the store has at least what was flushed, and nothing that was half written. Bytes count with the records around them. The files of the directory take
 * at most half more than what the store holds and four segments, or a quarter more than the limit and two segments, whichever is less. When they
 * would take more, the segment with the most dead bytes is emptied.
 *
 * <p>Uses are remembered until the store is closed; after a start the order is that of the puts and of the copies out of emptied segments.
 */
public final class DiskArtifactStore extends CompilingStore {
    static final long SEGMENT_BYTES = 128L << 20;
    private static final int SLACK = 4;
    private static final int SEGMENTS_MIN = 8;
    private static final int DEAD_SEGMENTS = 4;
    /** Linux frees a process's lock of a file when any channel of it is closed. So a second store of this process opens none. */
    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    /** The place of an artifact. Guarded by the index. */
    private static final class Stored {
        private Segment segment;
        private SegmentRecord record;

        Stored(Segment segment, SegmentRecord record) {
            this.segment = segment;
            this.record = record;
        }
    }

    private final Path directory;
    private final ArtifactLimits limits;
    private final long segmentBytes;
    private final FileChannel lockFile;

    /** By use, the least recent first. The monitor of all that the index tells: places, bytes, evictions. */
    private final LinkedHashMap<Fingerprint, Stored> index = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;
    private long evictions;
    private long evictedBytes;

    /** Held by whoever writes to segments. Taken after {@link #flushing} by whoever needs both, and before the index's monitor. */
    private final Lock appending = new ReentrantLock();
    private final TreeMap<Long, Segment> segments = new TreeMap<>();
    private @Nullable Segment active;
    private final byte[] buffer = new byte[Segment.COPIED_AT_ONCE];
    private List<SegmentRecord> activeRecords = new ArrayList<>();
    private Set<Segment> unsynced = new HashSet<>();
    /** Removals that could not be written yet. */
    private final Deque<Fingerprint> owed = new ArrayDeque<>();
    private final AtomicLong appended = new AtomicLong();
    private volatile boolean closed;

    /** Held by whoever syncs. */
    private final Lock flushing = new ReentrantLock();
    private volatile long synced;
    /** Linux tells a failed write once. Later syncs succeed though the bytes are lost. */
    private boolean syncFailed;
    /** Bytes that were removed since somebody looked whether the files take too much. Guarded as the segments are. */
    private long diedUnseen;
    /** Guarded as the segments are. Read without, as a hint. */
    private volatile boolean crowded;
    private final LongAdder syncs = new LongAdder();

    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();
    private final LongAdder damaged = new LongAdder();
    private final LongAdder puts = new LongAdder();
    private final LongAdder rejected = new LongAdder();
    private final LongAdder flushes = new LongAdder();
    private final LongAdder flushErrors = new LongAdder();

    private DiskArtifactStore(Path directory, ArtifactLimits limits, long segmentBytes, FileChannel lockFile) {
        this.directory = directory;
        this.limits = limits;
        this.segmentBytes = segmentBytes;
        this.lockFile = lockFile;
    }

    /**
     * Opens the store in a directory, made if it is missing.
     *
     * @throws IOException if another process has it open, or it holds something in the place of a segment that is none
     */
    public static DiskArtifactStore open(Path directory, ArtifactLimits limits) throws IOException {
        return open(directory, limits, Math.max(SEGMENT_BYTES, 2 * SegmentRecord.space(limits.maxArtifactBytes())));
    }

    static DiskArtifactStore open(Path directory, ArtifactLimits limits, long segmentBytes) throws IOException {
        if (segmentBytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "limits: %d bytes for one artifact (expected: at most 1 GiB)".formatted(limits.maxArtifactBytes()));
        }
        Path real = Files.createDirectories(directory).toRealPath();
        if (!HELD_HERE.add(real)) {
            throw inUse(real);
        }
        FileChannel lockFile = null;
        try {
            lockFile = FileChannel.open(real.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } finally {
            if (lockFile == null) {
                HELD_HERE.remove(real);
            }
        }
        DiskArtifactStore store = new DiskArtifactStore(real, limits, segmentBytes, lockFile);
        boolean opened = false;
        try {
            store.lock();
            store.load();
            opened = true;
            return store;
        } finally {
            if (!opened) {
                store.release();
            }
        }
    }

    private void lock() throws IOException {
        if (lockFile.tryLock() == null) {
            throw inUse(directory);
        }
    }

    private static IOException inUse(Path directory) {
        return new IOException("%s: is in use (expected: a directory that no other store has open)".formatted(directory));
    }

    private void load() throws IOException {
        for (Path path : Segment.list(directory)) {
            Segment segment = Segment.open(path);
            segments.put(segment.number(), segment);
            for (SegmentRecord record : segment.records()) {
                if (record.kind() == SegmentRecord.Kind.PUT) {
                    forget(place(segment, record));
                } else {
                    segment.removal(record);
                    forget(index.remove(record.fingerprint()));
                }
            }
        }
        evict();
    }

    private @Nullable Stored place(Segment segment, SegmentRecord record) {
        segment.live(record);
        bytes += record.space();
        return index.put(record.fingerprint(), new Stored(segment, record));
    }

    private void forget(@Nullable Stored stored) {
        if (stored != null) {
            stored.segment.dead(stored.record);
            bytes -= stored.record.space();
        }
    }

    @Override
    public Optional<Artifact> get(Fingerprint fingerprint) throws IOException {
        Optional<Artifact> found = peek(fingerprint);
        (found.isPresent() ? hits : misses).increment();
        return found;
    }

    @Override
    protected Optional<Artifact> peek(Fingerprint fingerprint) throws IOException {
        requireOpen();
        Segment segment;
        SegmentRecord record;
        synchronized (index) {
            Stored stored = index.get(fingerprint);
            if (stored == null) {
                return Optional.empty();
            }
            segment = stored.segment;
            record = stored.record;
        }
        byte[] bytes;
        try {
            bytes = segment.read(record);
        } catch (NoSuchFileException e) {
            if (isAt(fingerprint, segment, record)) {
                throw e;
            }
            // the segment was emptied since, and the artifact has another place
            return peek(fingerprint);
        }
        if (record.isIntact(bytes)) {
            return Optional.of(record.content(bytes));
        }
        removeDamaged(fingerprint, segment, record);
        return Optional.empty();
    }

    private boolean isAt(Fingerprint fingerprint, Segment segment, SegmentRecord record) {
        synchronized (index) {
            Stored stored = index.get(fingerprint);
            return stored != null && stored.segment == segment && stored.record.equals(record);
        }
    }

    private void removeDamaged(Fingerprint fingerprint, Segment segment, SegmentRecord record) throws IOException {
        appending.lock();
        try {
            if (isAt(fingerprint, segment, record)) {
                damaged.increment();
                removeKnown(fingerprint);
            }
        } finally {
            appending.unlock();
        }
    }

    @Override
    public boolean put(Fingerprint fingerprint, Artifact artifact) throws IOException {
        long space = SegmentRecord.space(artifact.size());
        if (artifact.size() > limits.maxArtifactBytes() || space > limits.maxBytes()) {
            rejected.increment();
            return false;
        }
        appending.lock();
        try {
            requireOpen();
            makeRoom(artifact.size());
            SegmentRecord record = append(SegmentRecord.Kind.PUT, fingerprint, artifact.content());
            synchronized (index) {
                forget(place(segment(), record));
                evict();
            }
            puts.increment();
            payOwed();
        } finally {
            appending.unlock();
        }
        compactIfCrowded();
        return true;
    }

    /** Removes what is over the limits from the index. That it is also removed from the disk is owed. */
    private void evict() {
        while (index.size() > limits.maxEntries() || bytes > limits.maxBytes()) {
            Map.Entry<Fingerprint, Stored> eldest = index.pollFirstEntry();
            forget(eldest.getValue());
            evictions++;
            evictedBytes += eldest.getValue().record.length();
            owed.add(eldest.getKey());
        }
    }

    /** Writes removals as far as there is room on the disk. The rest is tried again, and evicted again after a crash. */
    private void payOwed() {
        try {
            writeOwed();
        } catch (IOException e) {
            // flush tells it
        }
    }

    private void writeOwed() throws IOException {
        for (Fingerprint fingerprint = owed.peek(); fingerprint != null; fingerprint = owed.peek()) {
            if (!isKnown(fingerprint)) {
                makeRoom(0);
                append(SegmentRecord.Kind.REMOVE, fingerprint, MemorySegment.NULL);
            }
            owed.remove();
        }
    }

    private boolean isKnown(Fingerprint fingerprint) {
        synchronized (index) {
            return index.containsKey(fingerprint);
        }
    }

    /** Returns whether there is an artifact with this fingerprint. It may be damaged, and this is no use of it. */
    public boolean contains(Fingerprint fingerprint) {
        return isKnown(fingerprint);
    }

    /** Returns the length of the artifact with this fingerprint; empty if there is none. Counts as a use. */
    public OptionalLong sizeOf(Fingerprint fingerprint) {
        synchronized (index) {
            Stored stored = index.get(fingerprint);
            return stored == null ? OptionalLong.empty() : OptionalLong.of(stored.record.length());
        }
    }

    /** Returns the fingerprints of all artifacts now. */
    public Set<Fingerprint> fingerprints() {
        synchronized (index) {
            return Set.copyOf(index.keySet());
        }
    }

    @Override
    public boolean remove(Fingerprint fingerprint) throws IOException {
        appending.lock();
        try {
            requireOpen();
            if (!isKnown(fingerprint)) {
                return false;
            }
            removeKnown(fingerprint);
        } finally {
            appending.unlock();
        }
        compactIfCrowded();
        return true;
    }

    private void removeKnown(Fingerprint fingerprint) throws IOException {
        makeRoom(0);
        append(SegmentRecord.Kind.REMOVE, fingerprint, MemorySegment.NULL);
        synchronized (index) {
            Stored removed = index.remove(fingerprint);
            forget(removed);
            diedUnseen += removed == null ? 0 : removed.record.space();
        }
        if (diedUnseen > segmentBytes) {
            crowded = isCrowded();
        }
    }

    private SegmentRecord append(SegmentRecord.Kind kind, Fingerprint fingerprint, MemorySegment content) throws IOException {
        SegmentRecord record = segment().append(kind, fingerprint, content, buffer);
        unsynced.add(segment());
        activeRecords.add(record);
        if (kind == SegmentRecord.Kind.REMOVE) {
            segment().removal(record);
        }
        appended.addAndGet(record.space());
        return record;
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
        crowded = isCrowded();
    }

    private void seal() {
        if (active != null) {
            active.seal(activeRecords);
            activeRecords = new ArrayList<>();
            active = null;
        }
    }

    /** Returns whether the files take more than they may, or are too many, as after many short runs. */
    private boolean isCrowded() {
        diedUnseen = 0;
        long held;
        synchronized (index) {
            held = bytes;
        }
        long bound = Math.min(limits.maxBytes() + limits.maxBytes() / SLACK, held + held / 2 + DEAD_SEGMENTS * segmentBytes);
        return segments.values().stream().mapToLong(Segment::size).sum() > bound
                || segments.size() > SEGMENTS_MIN + 2 * (bound / segmentBytes);
    }

    /** Leaves a failure to the next time, because the put or removal is done. */
    private void compactIfCrowded() {
        if (crowded) {
            try {
                compact();
            } catch (IOException e) {
                // flush tells what cannot be written
            }
        }
    }

    /** Copies what counts out of segments, and deletes them. */
    private void compact() throws IOException {
        flushing.lock();
        appending.lock();
        try {
            while (!closed && isCrowded() && segments.size() > 1) {
                Segment emptied = toEmpty();
                copyFrom(emptied);
                sync(unsynced);
                unsynced.clear();
                segments.remove(emptied.number());
                emptied.delete();
            }
            crowded = false;
        } finally {
            appending.unlock();
            flushing.unlock();
        }
    }

    /** Returns the segment with the most dead bytes; the oldest, whose removals are needed no more, where no other frees a good part of itself. */
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
        Map<Fingerprint, Stored> counting = storedIn(emptied);
        for (SegmentRecord record : emptied.records()) {
            Stored stored = counting.get(record.fingerprint());
            if (stored != null && stored.record.equals(record)) {
                copy(emptied, record, stored);
            } else if (record.kind() == SegmentRecord.Kind.REMOVE && !oldest && !isKnown(record.fingerprint())) {
                makeRoom(0);
                append(SegmentRecord.Kind.REMOVE, record.fingerprint(), MemorySegment.NULL);
            }
        }
    }

    /** Looks at all of the index, because a look at one entry would count as a use. */
    private Map<Fingerprint, Stored> storedIn(Segment segment) {
        Map<Fingerprint, Stored> stored = new HashMap<>();
        synchronized (index) {
            index.forEach((fingerprint, place) -> {
                if (place.segment == segment) {
                    stored.put(fingerprint, place);
                }
            });
        }
        return stored;
    }

    private void copy(Segment from, SegmentRecord record, Stored stored) throws IOException {
        byte[] bytes = from.read(record);
        if (!record.isIntact(bytes)) {
            damaged.increment();
            synchronized (index) {
                forget(index.remove(record.fingerprint()));
            }
            return;
        }
        makeRoom(record.length());
        SegmentRecord copy = append(SegmentRecord.Kind.PUT, record.fingerprint(), record.content(bytes).content());
        synchronized (index) {
            from.dead(record);
            segment().live(copy);
            stored.segment = segment();
            stored.record = copy;
        }
    }

    private void sync(Set<Segment> segments) throws IOException {
        if (syncFailed) {
            throw new IOException("%s: was not synced earlier (expected: the store opened again)".formatted(directory));
        }
        syncFailed = true;
        for (Segment segment : segments) {
            segment.sync();
            syncs.increment();
        }
        syncFailed = false;
    }

    /** {@inheritDoc} After a failure each later flush fails, until the store is opened again and finds what is there. */
    @Override
    public void flush() throws IOException {
        long wanted = appended.get();
        flushing.lock();
        try {
            // whoever had the lock before may have synced what this caller wrote
            if (syncFailed || synced < wanted || hasOwed()) {
                flushNow();
            }
            flushes.increment();
        } catch (IOException e) {
            flushErrors.increment();
            throw e;
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
        long upTo;
        appending.lock();
        try {
            requireOpen();
            writeOwed();
            syncing = unsynced;
            unsynced = new HashSet<>();
            upTo = appended.get();
        } finally {
            appending.unlock();
        }
        sync(syncing);
        synced = upTo;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("%s: is closed".formatted(directory));
        }
    }

    /** Returns how often a file was synced. */
    public long syncs() {
        return syncs.sum();
    }

    @Override
    public ArtifactMetrics metrics() {
        synchronized (index) {
            return new ArtifactMetrics(hits.sum() + misses.sum(), hits.sum(), misses.sum(), damaged.sum(), puts.sum(), rejected.sum(),
                    evictions,
                    evictedBytes, flushes.sum(), flushErrors.sum(), bytes, index.size());
        }
    }

    @Override
    public void close() throws IOException {
        flushing.lock();
        appending.lock();
        try {
            if (!closed) {
                try {
                    flushNow();
                    seal();
                } finally {
                    closed = true;
                    release();
                }
            }
        } finally {
            appending.unlock();
            flushing.unlock();
        }
    }

    private void release() throws IOException {
        try (FileChannel _ = lockFile) {
            for (Segment segment : segments.values()) {
                segment.close();
            }
        } finally {
            HELD_HERE.remove(directory);
        }
    }
}
