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
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
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
        private final @Nullable LargeFile file;

        Stored(Segment segment, SegmentRecord record, @Nullable LargeFile file) {
            this.segment = segment;
            this.record = record;
            this.file = file;
        }

        /** Returns the length of the artifact. */
        long size() {
            return file == null ? record.length() : file.size();
        }

        /** Returns the bytes that it takes on the disk. */
        long space() {
            return record.space() + (file == null ? 0 : file.size());
        }
    }

    /** What {@link Stored} said at one moment. */
    private record Place(Segment segment, SegmentRecord record, @Nullable LargeFile file) {}

    private final Path directory;
    private final ArtifactLimits limits;
    private final long segmentBytes;
    private final FileChannel lockFile;
    private final LargeFiles files;

    /** By use, the least recent first. The monitor of all that the index tells: places, bytes, evictions. */
    private final LinkedHashMap<Fingerprint, Stored> index = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;
    /** Of these, bytes of files of their own. */
    private long fileBytes;
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
    /** Files of artifacts that are removed, until they are deleted. */
    private final Queue<LargeFile> removed = new ConcurrentLinkedQueue<>();
    /** Files of artifacts that were put anew. They are needed until the newer ones survive a crash. Guarded as the segments are. */
    private List<LargeFile> replaced = new ArrayList<>();
    private long replacedBytes;
    /** Whether the directory has files whose names a loss of power would take. */
    private volatile boolean namesUnsynced;
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
        this.files = new LargeFiles(directory);
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
        Set<Long> named = new HashSet<>();
        for (Path path : Segment.list(directory)) {
            Segment segment = Segment.open(path);
            segments.put(segment.number(), segment);
            for (SegmentRecord record : segment.records()) {
                switch (record.kind()) {
                    case PUT -> forget(place(segment, record, null));
                    case REMOVE -> {
                        segment.removal(record);
                        forget(index.remove(record.fingerprint()));
                    }
                    case LARGE -> loadLarge(segment, record, named);
                }
            }
        }
        removeLost();
        deleteOthers(named);
        evict();
        deleteRemoved();
    }

    private void loadLarge(Segment segment, SegmentRecord record, Set<Long> named) throws IOException {
        byte[] bytes = segment.read(record);
        LargeFile file = record.isIntact(bytes) ? LargeFile.read(record.content(bytes).content().asByteBuffer()) : null;
        if (file == null) {
            damaged.increment();
            forget(index.remove(record.fingerprint()));
        } else {
            named.add(file.number());
            forget(place(segment, record, file));
        }
    }

    /** Removes artifacts whose files are gone, as after a crash that took their removal, or are not what was written. */
    private void removeLost() throws IOException {
        List<Stored> large = index.values().stream().filter(stored -> stored.file != null).toList();
        for (Stored stored : large) {
            LargeFile file = Objects.requireNonNull(stored.file);
            if (!files.isThere(file)) {
                if (files.exists(file)) {
                    damaged.increment();
                }
                forget(index.remove(stored.record.fingerprint()));
                owed.add(stored.record.fingerprint());
            }
        }
    }

    /** Deletes files that no artifact has: of uploads that a crash cut off, and of what was removed. That must survive a crash first. */
    private void deleteOthers(Set<Long> named) throws IOException {
        List<Path> others = files.others(named);
        Set<Long> needed = new HashSet<>();
        index.values().forEach(stored -> {
            if (stored.file != null) {
                needed.add(stored.file.number());
            }
        });
        named.removeAll(needed);
        if (others.isEmpty() && named.isEmpty()) {
            return;
        }
        for (Segment segment : segments.values()) {
            segment.sync();
        }
        for (Path other : others) {
            Files.delete(other);
        }
        for (long number : named) {
            Files.deleteIfExists(files.path(number));
        }
    }

    private @Nullable Stored place(Segment segment, SegmentRecord record, @Nullable LargeFile file) {
        Stored stored = new Stored(segment, record, file);
        segment.live(record);
        bytes += stored.space();
        fileBytes += file == null ? 0 : file.size();
        return index.put(record.fingerprint(), stored);
    }

    private void forget(@Nullable Stored stored) {
        if (stored != null) {
            stored.segment.dead(stored.record);
            bytes -= stored.space();
            fileBytes -= stored.file == null ? 0 : stored.file.size();
        }
    }

    /** Forgets an artifact that is removed, so its file can go at once: should a crash take the removal, the artifact is lost all the same. */
    private void forgetRemoved(@Nullable Stored stored) {
        forget(stored);
        if (stored != null && stored.file != null) {
            removed.add(stored.file);
        }
    }

    private void forgetReplaced(@Nullable Stored stored) {
        forget(stored);
        if (stored != null && stored.file != null) {
            replaced.add(stored.file);
            replacedBytes += stored.file.size();
            crowded |= replacedBytes > segmentBytes;
        }
    }

    /** Deletes files of what was removed. It takes long for large ones, so no lock is held. */
    private void deleteRemoved() {
        for (LargeFile file = removed.poll(); file != null; file = removed.poll()) {
            delete(file);
        }
    }

    private void delete(LargeFile file) {
        try {
            files.delete(file);
        } catch (IOException e) {
            // the next start deletes it
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
        return read(fingerprint, place -> {
            if (place.file() != null) {
                try (ArtifactFile opened = openIntact(place)) {
                    return opened == null ? null : opened.toArtifact();
                }
            }
            byte[] bytes = place.segment().read(place.record());
            return place.record().isIntact(bytes) ? place.record().content(bytes) : null;
        });
    }

    /**
     * Opens the file that has an artifact, whose content was checked just now. Counts as {@link #get}.
     *
     * @throws IOException as {@link #get}; also if the caller is interrupted
     */
    public Optional<ArtifactFile> open(Fingerprint fingerprint) throws IOException {
        Optional<ArtifactFile> found = read(fingerprint, this::openIntact);
        (found.isPresent() ? hits : misses).increment();
        return found;
    }

    /** Reads from a place. */
    @FunctionalInterface
    private interface Reading<T> {
        /** @return null if the artifact is damaged */
        @Nullable
        T from(Place place) throws IOException;
    }

    private <T> Optional<T> read(Fingerprint fingerprint, Reading<T> reading) throws IOException {
        while (true) {
            requireOpen();
            Place place = place(fingerprint);
            if (place == null) {
                return Optional.empty();
            }
            try {
                T read = reading.from(place);
                if (read != null) {
                    return Optional.of(read);
                }
            } catch (NoSuchFileException e) {
                if (place.file() == null && isAt(fingerprint, place)) {
                    throw e;
                }
            }
            if (removeDamaged(fingerprint, place)) {
                return Optional.empty();
            }
            // the segment was emptied or the file deleted since, and the artifact has another place or none
        }
    }

    private @Nullable ArtifactFile openIntact(Place place) throws IOException {
        LargeFile file = place.file();
        SegmentRecord record = place.record();
        ArtifactFile opened = file != null ? files.open(file)
                : new ArtifactFile(place.segment().open(), record.offset() + (long) SegmentRecord.HEADER, record.length());
        if (opened == null) {
            return null;
        }
        boolean intact = false;
        try {
            intact = file != null ? files.isIntact(file, opened) : record.isIntact(opened.channel());
            return intact ? opened : null;
        } finally {
            if (!intact) {
                opened.close();
            }
        }
    }

    private @Nullable Place place(Fingerprint fingerprint) {
        synchronized (index) {
            Stored stored = index.get(fingerprint);
            return stored == null ? null : new Place(stored.segment, stored.record, stored.file);
        }
    }

    private boolean isAt(Fingerprint fingerprint, Place place) {
        return place.equals(place(fingerprint));
    }

    /** Removes an artifact, and returns whether it was still at this place. */
    private boolean removeDamaged(Fingerprint fingerprint, Place place) throws IOException {
        appending.lock();
        try {
            if (!isAt(fingerprint, place)) {
                return false;
            }
            damaged.increment();
            removeKnown(fingerprint);
        } finally {
            appending.unlock();
        }
        deleteRemoved();
        return true;
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
            keep(append(SegmentRecord.Kind.PUT, fingerprint, artifact.content()), null);
        } finally {
            appending.unlock();
        }
        compactIfCrowded();
        return true;
    }

    private void keep(SegmentRecord record, @Nullable LargeFile file) {
        synchronized (index) {
            forgetReplaced(place(segment(), record, file));
            evict();
        }
        puts.increment();
        payOwed();
    }

    /**
     * Begins to receive an artifact in a file of this store. Its bytes count from the put on.
     *
     * @throws IOException if no file can be made
     */
    public ArtifactUpload upload() throws IOException {
        requireOpen();
        return files.create();
    }

    /** Does what {@link #put(Fingerprint, Artifact)} does with what arrived in a file, which is not copied. */
    public boolean put(Fingerprint fingerprint, ArtifactUpload upload) throws IOException {
        if (upload.size() > limits.maxArtifactBytes() || SegmentRecord.space(LargeFile.BYTES) + upload.size() > limits.maxBytes()) {
            rejected.increment();
            return false;
        }
        LargeFile file = upload.finish();
        appending.lock();
        try {
            requireOpen();
            makeRoom(LargeFile.BYTES);
            namesUnsynced = true;
            SegmentRecord record = append(SegmentRecord.Kind.LARGE, fingerprint, file.written());
            upload.take();
            keep(record, file);
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
            forgetRemoved(eldest.getValue());
            evictions++;
            evictedBytes += eldest.getValue().size();
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
            return stored == null ? OptionalLong.empty() : OptionalLong.of(stored.size());
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
            Stored gone = index.remove(fingerprint);
            forgetRemoved(gone);
            diedUnseen += gone == null ? 0 : gone.record.space();
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
            held = bytes - fileBytes;
        }
        long bound = Math.min(limits.maxBytes() + limits.maxBytes() / SLACK, held + held / 2 + DEAD_SEGMENTS * segmentBytes);
        return segments.values().stream().mapToLong(Segment::size).sum() > bound
                || segments.size() > SEGMENTS_MIN + 2 * (bound / segmentBytes);
    }

    /** Leaves a failure to the next time, because the put or removal is done. */
    private void compactIfCrowded() {
        deleteRemoved();
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
            if (!closed && replacedBytes > segmentBytes) {
                sync(unsynced);
                unsynced.clear();
                takeReplaced().forEach(this::delete);
            }
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
                forgetRemoved(index.remove(record.fingerprint()));
            }
            return;
        }
        makeRoom(record.length());
        SegmentRecord copy = append(record.kind(), record.fingerprint(), record.content(bytes).content());
        synchronized (index) {
            from.dead(record);
            segment().live(copy);
            stored.segment = segment();
            stored.record = copy;
        }
    }

    private List<LargeFile> takeReplaced() {
        List<LargeFile> taken = replaced;
        replaced = new ArrayList<>();
        replacedBytes = 0;
        return taken;
    }

    /** Called with what was appended, or by who holds up appending. */
    private void sync(Set<Segment> segments) throws IOException {
        if (syncFailed) {
            throw new IOException("%s: was not synced earlier (expected: the store opened again)".formatted(directory));
        }
        syncFailed = true;
        if (namesUnsynced) {
            namesUnsynced = false;
            Segment.syncDirectory(directory);
        }
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
        List<LargeFile> needless;
        long upTo;
        appending.lock();
        try {
            requireOpen();
            writeOwed();
            syncing = unsynced;
            unsynced = new HashSet<>();
            needless = takeReplaced();
            upTo = appended.get();
        } finally {
            appending.unlock();
        }
        sync(syncing);
        synced = upTo;
        needless.forEach(this::delete);
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
