package dev.spillway.artifacts;

import dev.spillway.artifacts.DiskIndex.Place;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Keeps artifacts in a directory: appended to segments, or, if they arrived in files, in files of their own. One process at a time has the directory
 * open.
 *
 * <p>Every read verifies the artifact by a checksum that covers its fingerprint, too. One sync serves all callers that flush at the same time. After
 * a crash the store has at least the artifacts that were flushed, and no partial ones. The size of an artifact includes its record.
 *
 * <p>The space of the segments is bounded, by the smaller of two bounds: 1.5 times the bytes that they hold plus four segments; or 1.25 times the
 * limit plus two segments. When they would take more, the segment with the most dead bytes is emptied and deleted. The file of a single artifact is
 * deleted with the artifact.
 *
 * <p>The order of use is in memory only. After a start, it is the order of the records: of the puts and of the copies out of emptied segments.
 */
public final class DiskArtifactStore extends CompilingStore {
    static final long SEGMENT_BYTES = 128L << 20;
    /**
     * Directories that are open in this process. Linux releases the lock of a file when the process closes any channel of it, so no second one may be
     * opened.
     */
    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    private final Path directory;
    private final ArtifactLimits limits;
    private final FileChannel lockFile;
    private final LargeFiles files;
    private final DiskIndex index;
    private final SegmentLog log;
    private final AtomicBoolean closed = new AtomicBoolean();

    private DiskArtifactStore(Path directory, ArtifactLimits limits, long segmentBytes, FileChannel lockFile) {
        this.directory = directory;
        this.limits = limits;
        this.lockFile = lockFile;
        this.files = new LargeFiles(directory);
        this.index = new DiskIndex(limits);
        this.log = new SegmentLog(directory, segmentBytes, limits.maxBytes(), index, files, damaged);
    }

    /**
     * Opens the store in a directory, made if it is missing.
     *
     * @throws IOException if another process has it open, or a file with the name of a segment is no segment
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
                store.release(store.log::release);
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
        log.load((segment, record) -> {
            switch (record.kind()) {
                case PUT -> index.put(new Place(segment, record, null));
                case REMOVE -> index.remove(record.fingerprint());
                case LARGE -> loadLarge(segment, record, named);
            }
        });
        removeLost();
        deleteOthers(named);
        evict();
        files.deleteRemoved();
    }

    private void loadLarge(Segment segment, SegmentRecord record, Set<Long> named) throws IOException {
        byte[] bytes = segment.read(record);
        LargeFile file = record.isIntact(bytes) ? LargeFile.read(record.content(bytes).content().asByteBuffer()) : null;
        if (file == null) {
            damaged.increment();
            index.remove(record.fingerprint());
        } else {
            named.add(file.number());
            index.put(new Place(segment, record, file));
        }
    }

    /** Removes artifacts whose files are missing or have another length. Files are missing if a crash lost the record of a removal. */
    private void removeLost() throws IOException {
        for (Place place : index.large()) {
            LargeFile file = place.file();
            if (file != null && !files.isThere(file)) {
                if (files.exists(file)) {
                    damaged.increment();
                }
                index.remove(place.fingerprint());
                log.owe(place.fingerprint());
            }
        }
    }

    /**
     * Deletes files without an artifact: those of uploads that a crash cut off, and of removed artifacts, whose removal is synced first. A file that
     * cannot be deleted, such as a directory that somebody made, does no harm.
     */
    private void deleteOthers(Set<Long> named) throws IOException {
        List<Path> others = files.others(named, index.large());
        if (!others.isEmpty()) {
            log.syncAll();
        }
        for (Path other : others) {
            try {
                Files.delete(other);
            } catch (FileSystemException e) {
                // The next start tries again.
            }
        }
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
     * Opens the file with an artifact, after verifying the content. Counts as {@link #get}.
     *
     * @throws IOException as {@link #get}; also if the caller is interrupted
     */
    public Optional<ArtifactFile> open(Fingerprint fingerprint) throws IOException {
        return counted(read(fingerprint, this::openIntact));
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
            Place place = index.place(fingerprint);
            if (place == null) {
                return Optional.empty();
            }
            try {
                T read = reading.from(place);
                if (read != null) {
                    return Optional.of(read);
                }
            } catch (NoSuchFileException e) {
                if (place.file() == null && index.isAt(place)) {
                    throw e;
                }
            }
            if (removeDamaged(place)) {
                return Optional.empty();
            }
            // The segment was emptied or the file deleted meanwhile, so the artifact has another place now, or none.
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

    /** Removes an artifact, and returns whether it was still at this place. */
    private boolean removeDamaged(Place place) throws IOException {
        boolean removed = changing(() -> {
            if (!index.isAt(place)) {
                return false;
            }
            damaged.increment();
            removeKnown(place.fingerprint());
            return true;
        });
        files.deleteRemoved();
        return removed;
    }

    /** Changes what the store has. */
    @FunctionalInterface
    private interface Change<T> {
        T make() throws IOException;
    }

    private <T> T changing(Change<T> change) throws IOException {
        log.appending().lock();
        try {
            requireOpen();
            return change.make();
        } finally {
            log.appending().unlock();
        }
    }

    @Override
    public boolean put(Fingerprint fingerprint, Artifact artifact) throws IOException {
        return accepts(artifact.size(), SegmentRecord.space(artifact.size()))
                && keep(() -> log.append(SegmentRecord.Kind.PUT, fingerprint, artifact.content(), null));
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

    /** Does the same as {@link #put(Fingerprint, Artifact)} for an artifact that arrived in a file. The file is synced here and not copied. */
    public boolean put(Fingerprint fingerprint, ArtifactUpload upload) throws IOException {
        if (!accepts(upload.size(), upload.size() + SegmentRecord.space(LargeFile.BYTES))) {
            return false;
        }
        LargeFile file = upload.finish();
        return keep(() -> {
            Place place = log.append(SegmentRecord.Kind.LARGE, fingerprint, file.written(), file);
            upload.take();
            return place;
        });
    }

    private boolean accepts(long size, long space) {
        if (size > limits.maxArtifactBytes() || space > limits.maxBytes()) {
            rejected.increment();
            return false;
        }
        return true;
    }

    private boolean keep(Change<Place> append) throws IOException {
        changing(() -> {
            Place replaced = index.put(append.make());
            if (replaced != null) {
                files.replaced(replaced.file());
                log.died(replaced);
            }
            evict();
            puts.increment();
            log.payOwed();
            return true;
        });
        tidyUp();
        return true;
    }

    /** Removes artifacts beyond the limits from the index. The records of these removals are written later. */
    private void evict() {
        for (Place evicted : index.evict()) {
            files.removed(evicted.file());
            log.owe(evicted.fingerprint());
        }
    }

    private void tidyUp() {
        files.deleteRemoved();
        log.compactIfCrowded();
    }

    /** Returns whether there is an artifact with this fingerprint, which may be damaged. Does not count as a use. */
    public boolean contains(Fingerprint fingerprint) {
        return index.contains(fingerprint);
    }

    /** Returns the length of the artifact with this fingerprint; empty if there is none. Counts as a use. */
    public OptionalLong sizeOf(Fingerprint fingerprint) {
        return index.sizeOf(fingerprint);
    }

    /** Returns the fingerprints of all artifacts now. */
    public Set<Fingerprint> fingerprints() {
        return index.fingerprints();
    }

    @Override
    public boolean remove(Fingerprint fingerprint) throws IOException {
        boolean removed = changing(() -> {
            if (!index.contains(fingerprint)) {
                return false;
            }
            removeKnown(fingerprint);
            return true;
        });
        tidyUp();
        return removed;
    }

    private void removeKnown(Fingerprint fingerprint) throws IOException {
        log.appendRemoval(fingerprint);
        Place removed = index.remove(fingerprint);
        files.removed(removed == null ? null : removed.file());
        log.died(removed);
    }

    /** {@inheritDoc} After a failure each later flush fails, until the store is opened again and reads its files anew. */
    @Override
    public void flush() throws IOException {
        try {
            log.flush();
            flushes.increment();
        } catch (IOException e) {
            flushErrors.increment();
            throw e;
        }
    }

    private void requireOpen() {
        if (closed.get()) {
            throw new IllegalStateException("%s: is closed".formatted(directory));
        }
    }

    /** Returns how often a file was synced. */
    public long syncs() {
        return log.syncs();
    }

    @Override
    public ArtifactMetrics metrics() {
        return counts().plus(index.metrics());
    }

    @Override
    public void close() throws IOException {
        if (!closed.getAndSet(true)) {
            release(log::close);
        }
    }

    @FunctionalInterface
    private interface Closing {
        void close() throws IOException;
    }

    private void release(Closing closing) throws IOException {
        try (FileChannel _ = lockFile) {
            closing.close();
        } finally {
            HELD_HERE.remove(directory);
        }
    }
}
