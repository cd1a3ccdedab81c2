package dev.spillway.worker.filesystem.store;

import dev.spillway.worker.core.model.TrashOutcome;
import dev.spillway.worker.core.model.UnlinkOutcome;
import dev.spillway.worker.filesystem.FileSystemSpace;
import dev.spillway.worker.filesystem.FreeSpace;
import dev.spillway.worker.filesystem.StageFigures;
import dev.spillway.worker.filesystem.StageOutcome;
import dev.spillway.worker.filesystem.StagingStopped;
import dev.spillway.worker.filesystem.StoreFullException;
import dev.spillway.worker.filesystem.StoreGoneException;
import dev.spillway.worker.filesystem.archive.ArchiveExtractor;
import dev.spillway.worker.filesystem.archive.ArchiveLimits;
import dev.spillway.worker.filesystem.archive.ArchiveTrust;
import dev.spillway.worker.filesystem.archive.ArchiveWriter;
import dev.spillway.worker.filesystem.posix.DirectoryEntry;
import dev.spillway.worker.filesystem.posix.EntryKind;
import dev.spillway.worker.filesystem.posix.Errno;
import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.PosixException;
import dev.spillway.worker.filesystem.tree.SourceDirectory;
import dev.spillway.worker.filesystem.tree.SourceLeft;
import dev.spillway.worker.filesystem.tree.TreeMeasure;
import dev.spillway.worker.filesystem.tree.TreeMove;
import dev.spillway.worker.filesystem.unlink.TreeUnlinker;
import dev.spillway.worker.filesystem.unlink.UnlinkPace;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One host's store of directory trees: {@code staging/<id>}, {@code images/<id>} and {@code trash/<id>}, each a tree. One process at a time has it
 * open.
 *
 * <p>A tree is made in staging, published by one rename, moved to the trash by another, and deleted there. A finished operation survives power loss.
 * After a crash, {@link #ids} lists the trees in each area, and the caller decides about those whose operation was cut off. Ids are lower-case UUIDs,
 * made by the caller and never used again.
 *
 * <p>A tree offered by move is its owner's until the caller says that the image is registered ({@link #settle}). Until then the store refuses to
 * delete it, and {@link #giveBack} returns it. After a crash such trees are among {@link #offered}.
 *
 * <p>Thread-safe for different ids, also for virtual threads; the caller makes the operations on one id one at a time. An interrupt ends a long
 * operation. It leaves nothing behind, except a partly deleted tree in the trash.
 */
public final class ImageStore implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ImageStore.class);
    private static final int PRIVATE_FILE = 0600;

    private final StoreFiles files;
    private final boolean seesTrusted;
    private final Path images;
    private final OfferedSources offers;
    private final SourcesLeft sourcesLeft;
    private final FreeSpace space;
    private final StoreProbe probe;
    private final Staging staging;
    private final InodeReserve inodes;
    private final ReadWriteLock open = new ReentrantReadWriteLock();
    private boolean closed;

    private ImageStore(StoreFiles files, long minFreeBytes, boolean ignoreTrusted) throws IOException {
        this.files = files;
        this.inodes = new InodeReserve(files.root());
        this.seesTrusted = files.root().seesTrustedAttributes();
        this.images = files.path().resolve(StoreArea.IMAGES.directory().toString());
        this.offers = new OfferedSources(files.offered());
        this.space = new FreeSpace(files.path(), minFreeBytes);
        this.probe = new StoreProbe(files.path());
        this.sourcesLeft = new SourcesLeft(files.offered());
        this.staging = new Staging(files, offers, sourcesLeft, space, !ignoreTrusted && !seesTrusted);
        for (String id : sourcesLeft.ids()) {
            if (!isAnywhere(id)) {
                sourcesLeft.remove(id);
            }
        }
    }

    /** Frees inodes, if there are too few to open the index: first the reserve, then trees in the trash, which nobody needs. */
    private void makeRoomForStart() throws IOException, InterruptedException {
        if (!inodes.isShort()) {
            return;
        }
        LOG.warn(
                "store {}: too few inodes are free for a start, so the reserve is given back, and trees in the trash are deleted if that is not enough"
                        + " (expected: {} free or more)",
                files.path(),
                InodeReserve.FILES);
        int released = inodes.release();
        int emptied = 0;
        for (String id : idsIn(StoreArea.TRASH)) {
            if (!inodes.isShort()) {
                break;
            }
            try {
                unlinkNow(StoreFiles.name(id), UnlinkPace.none());
                emptied++;
            } catch (IOException e) {
                LOG.warn("trash/{}: cannot be deleted: {}", id, e.getMessage());
            }
        }
        LOG.info("store {}: {} files of the reserve and {} trees in the trash were deleted", files.path(), released, emptied);
    }

    /**
     * Opens the store in this directory. If there is none, makes it, with its layout and a new store id.
     *
     * @throws StoreInUseException when a process has it open
     * @throws IOException when the platform is not Linux, or the directory is no store of this layout
     */
    public static ImageStore open(Path directory) throws IOException, InterruptedException {
        return open(directory, 0, false);
    }

    /**
     * Does the same as {@link #open(Path)}, with a reserve of free space.
     *
     * @param minFreeBytes bytes that staging leaves free on the store's file system; other writers may still take them
     * @param ignoreTrusted whether a move that copies may lose {@code trusted.*} attributes that this process cannot see. If not, and this process
     *                      cannot see them, such a move leaves its source
     */
    public static ImageStore open(Path directory, long minFreeBytes, boolean ignoreTrusted) throws IOException, InterruptedException {
        return PlatformThreads.call(() -> {
            StoreFiles files = StoreFiles.open(directory);
            boolean complete = false;
            try {
                ImageStore store = new ImageStore(files, minFreeBytes, ignoreTrusted);
                store.makeRoomForStart();
                store.inodes.refill();
                complete = true;
                return store;
            } finally {
                if (!complete) {
                    files.close();
                }
            }
        });
    }

    /** Returns whether this process sees {@code trusted.*} attributes, and so stores them. */
    public boolean seesTrustedAttributes() {
        return seesTrusted;
    }

    /** Returns the UUID that was drawn when the store was made. */
    public String storeId() {
        return files.storeId();
    }

    /** Returns the real path of the store. */
    public Path path() {
        return files.path();
    }

    /** Returns the path at which readers find the image with this id once it is published. */
    public Path imagePath(String id) {
        return images.resolve(StoreFiles.name(id).toString());
    }

    /** Does the same as {@link #imagePath(String)}, without parsing the id. */
    public Path imagePath(UUID id) {
        return images.resolve(id.toString());
    }

    /** Returns a probe that checks whether the store is still in its place and can be written. */
    public StoreProbe probe() {
        return probe;
    }

    /** Returns the free and total space of the store's file system. */
    public FileSystemSpace space() throws IOException {
        return files.root().space();
    }

    /**
     * Takes a source directory into staging.
     *
     * @param maxBytes limit on allocated blocks; staging stops as soon as it is exceeded
     * @throws StoreFullException when the disk is full, or would have less free than the reserve
     * @throws StoreGoneException when the store is not where it was opened
     * @throws IOException when the store cannot be written, naming the entry. Nothing is left in staging then, and a source offered by move
     *         is where it was
     */
    public StageOutcome stage(String id, SourceDirectory source, StageMode mode, long maxBytes) throws IOException, InterruptedException {
        return stage(id, source, mode, maxBytes, copied -> {});
    }

    /**
     * Does the same as {@link #stage(String, SourceDirectory, StageMode, long)}.
     *
     * @param progress takes the bytes that are allocated so far
     */
    public StageOutcome stage(String id, SourceDirectory source, StageMode mode, long maxBytes, LongConsumer progress)
            throws IOException, InterruptedException {
        FileName name = StoreFiles.name(id);
        return staging(id, name, () -> staging.stage(id, source, mode, maxBytes, progress));
    }

    /**
     * Unpacks a tar stream, plain or compressed by zstd, into staging. The stream is read to its end and not closed.
     *
     * @param strict whether an archive is refused if the image would lack something of it
     * @throws IOException as for {@link #stage}, or when the stream fails
     */
    public StageOutcome stageArchive(String id, InputStream archive, ArchiveLimits limits, ArchiveTrust trust, boolean strict)
            throws IOException, InterruptedException {
        FileName name = StoreFiles.name(id);
        return staging(
                id,
                name,
                () -> staging.make(id, limits.maxBytes(), tree -> ArchiveExtractor.extract(archive, tree, limits, trust, strict, space)));
    }

    /** Writes the files of a new tree. */
    @FunctionalInterface
    public interface TreeWriter {
        /**
         * @param directory a new, empty directory
         * @throws StagingStopped to end with another outcome
         */
        void write(Path directory) throws IOException, InterruptedException, StagingStopped;
    }

    /**
     * Lets code of this process write a tree into staging: one directory of files. The files may be hard links of files in images.
     *
     * @throws IOException as for {@link #stage}, or from the writer
     */
    public StageOutcome stageWritten(String id, TreeWriter writer, long maxBytes) throws IOException, InterruptedException {
        FileName name = StoreFiles.name(id);
        Path directory = files.path().resolve(StoreArea.STAGING.directory().toString()).resolve(id);
        return staging(id, name, () -> staging.make(id, maxBytes, tree -> {
            try {
                writer.write(directory);
            } catch (IOException e) {
                throw space.hasRoom() ? e : new StoreFullException(files.path(), id, e);
            }
            return new StageFigures(StageFigures.Way.WRITTEN, 1, tree.list().size(), 0, 0, 0, Map.of());
        }));
    }

    private StageOutcome staging(String id, FileName name, PlatformThreads.Operation<StageOutcome> operation)
            throws IOException, InterruptedException {
        return run(() -> {
            probe.requirePlace();
            refuseUsed(id, name);
            space.require();
            try {
                return operation.run();
            } catch (PosixException e) {
                throw e.isFull() ? new StoreFullException(files.path(), id, e) : e;
            }
        });
    }

    private boolean isAnywhere(String id) throws PosixException {
        for (StoreArea area : StoreArea.values()) {
            if (files.area(area).find(StoreFiles.name(id)).isPresent()) {
                return true;
            }
        }
        return false;
    }

    private void refuseUsed(String id, FileName name) throws IOException {
        for (StoreArea area : StoreArea.values()) {
            if (files.area(area).find(name).isPresent()) {
                throw new IOException("id: %s is used in %s already (expected: a new id for each tree)".formatted(id, area.directory()));
            }
        }
    }

    /** Makes a staged tree an image, atomically for readers. */
    public PublishOutcome publish(String id) throws IOException, InterruptedException {
        FileName name = StoreFiles.name(id);
        return run(() -> {
            OpenDirectory from = files.area(StoreArea.STAGING);
            OpenDirectory images = files.area(StoreArea.IMAGES);
            if (from.find(name).isPresent()) {
                TreeMove.renameDurably(from, name, images, name);
                return PublishOutcome.PUBLISHED;
            }
            return images.find(name).isPresent() ? PublishOutcome.ALREADY_PUBLISHED : PublishOutcome.ABSENT;
        });
    }

    /**
     * Moves images into the trash, where no path of a reader leads. Files that a reader has open stay readable. One failure does not stop the others.
     *
     * @return the outcome of each, in the order given
     */
    public Map<String, TrashOutcome> toTrash(Collection<String> ids) throws IOException, InterruptedException {
        ids.forEach(StoreFiles::name);
        return run(() -> {
            Map<String, TrashOutcome> outcomes = new LinkedHashMap<>();
            for (String id : ids) {
                outcomes.put(id, toTrash(id));
            }
            if (outcomes.containsValue(new TrashOutcome.Moved())) {
                files.area(StoreArea.TRASH).sync();
                files.area(StoreArea.IMAGES).sync();
            }
            return outcomes;
        });
    }

    /** Returns whether the tree is among the images or in the trash. */
    public boolean has(String id) throws IOException {
        FileName name = StoreFiles.name(id);
        return files.area(StoreArea.IMAGES).find(name).isPresent() || files.area(StoreArea.TRASH).find(name).isPresent();
    }

    private TrashOutcome toTrash(String id) {
        FileName name = StoreFiles.name(id);
        OpenDirectory images = files.area(StoreArea.IMAGES);
        OpenDirectory trash = files.area(StoreArea.TRASH);
        try {
            if (images.find(name).isEmpty()) {
                return trash.find(name).isPresent() ? new TrashOutcome.AlreadyInTrash() : new TrashOutcome.Absent();
            }
            refuseOffered(id);
            // A mark that is found may not be durable yet, so it counts as just made.
            if (!isMarked(name)) {
                moveOrMark(images, name, trash);
            }
            return new TrashOutcome.Moved();
        } catch (IOException e) {
            return new TrashOutcome.Failed(e);
        }
    }

    /** Marks an image instead, if the file system does not rename it: an overlay renames no directory of a lower layer. */
    private static void moveOrMark(OpenDirectory images, FileName name, OpenDirectory trash) throws PosixException {
        try {
            TreeMove.rename(images, name, trash, name);
        } catch (PosixException e) {
            if (e.errno() != Errno.EXDEV) {
                throw e;
            }
            trash.createFile(name, PRIVATE_FILE).close();
        }
    }

    /**
     * Returns whether an image is being deleted in its place. Its mark is an empty file in the trash. The mark is durable before anything of the image
     * is deleted, and goes after all of it. So no start takes the rest of it for an image.
     */
    private boolean isMarked(FileName name) throws PosixException {
        return files.area(StoreArea.TRASH)
                .find(name)
                .filter(mark -> mark.kind() == EntryKind.REGULAR_FILE && mark.sizeBytes() == 0)
                .isPresent();
    }

    /** Returns whether the reserve stays free if so many bytes are written. */
    public boolean hasRoomFor(long bytes) throws IOException {
        return space.hasRoomFor(bytes);
    }

    /** @throws StoreFullException when less than the reserve would be free after so many bytes */
    public void requireRoomFor(long bytes) throws IOException {
        space.writing(bytes, () -> bytes);
    }

    /** Returns whether less than twice the reserve is free, so that puts are or will soon be refused. Always false without a reserve. */
    public boolean isShortOfSpace() throws IOException {
        return space.isShort();
    }

    /**
     * Deletes a tree in the trash. A crash in the middle leaves the rest of it in the trash.
     *
     * @param pace rate limit, shared with other deletions. While this one waits, it blocks no operation but {@link #close}
     */
    public UnlinkOutcome unlink(String id, UnlinkPace pace) throws IOException, InterruptedException {
        FileName name = StoreFiles.name(id);
        return run(() -> {
            UnlinkOutcome outcome = unlinkNow(name, pace);
            inodes.refill();
            if (files.area(StoreArea.IMAGES).find(name).isEmpty() && files.area(StoreArea.STAGING).find(name).isEmpty()) {
                // The tree is a copy that was never settled, so its source stays.
                offers.remove(id);
                sourcesLeft.remove(id);
            }
            return outcome;
        });
    }

    private UnlinkOutcome unlinkNow(FileName name, UnlinkPace pace) throws IOException, InterruptedException {
        return isMarked(name) ? unlinkInPlace(name, pace) : TreeUnlinker.unlink(files.area(StoreArea.TRASH), name, pace);
    }

    private UnlinkOutcome unlinkInPlace(FileName name, UnlinkPace pace) throws IOException, InterruptedException {
        UnlinkOutcome outcome = TreeUnlinker.unlink(files.area(StoreArea.IMAGES), name, pace);
        if (!(outcome instanceof UnlinkOutcome.Incomplete)) {
            files.area(StoreArea.IMAGES).sync();
            files.area(StoreArea.TRASH).removeFile(name);
        }
        return outcome;
    }

    /**
     * Deletes a complete or partial tree in staging.
     *
     * @throws OfferedTreeException when it was taken over by rename and is not settled
     */
    public UnlinkOutcome discardStaged(String id) throws IOException, InterruptedException {
        FileName name = StoreFiles.name(id);
        return run(() -> {
            if (files.area(StoreArea.STAGING).find(name).isEmpty()) {
                return new UnlinkOutcome.Absent();
            }
            refuseOffered(id);
            UnlinkOutcome outcome = TreeUnlinker.unlink(files.area(StoreArea.STAGING), name);
            offers.remove(id);
            sourcesLeft.remove(id);
            return outcome;
        });
    }

    private void refuseOffered(String id) throws IOException {
        Optional<OfferedSources.Offer> offer = offers.find(id);
        if (offer.isPresent() && offer.get().taken() == OfferedSources.Taken.RENAMED) {
            throw new OfferedTreeException(id, offer.get().path());
        }
    }

    /** Returns the ids of all trees in an area, sorted. Ignores entries whose name is no id. Those deleted in their place are in the trash. */
    public List<String> ids(StoreArea area) throws IOException, InterruptedException {
        return run(() -> {
            List<String> ids = idsIn(area);
            if (area == StoreArea.IMAGES) {
                Set<String> marked = new HashSet<>();
                for (String id : idsIn(StoreArea.TRASH)) {
                    if (isMarked(StoreFiles.name(id))) {
                        marked.add(id);
                    }
                }
                ids.removeAll(marked);
            }
            return ids;
        });
    }

    private List<String> idsIn(StoreArea area) throws PosixException {
        List<String> ids = new ArrayList<>();
        for (DirectoryEntry entry : files.area(area).list()) {
            entry.name().utf8().filter(StoreFiles::isId).ifPresent(ids::add);
        }
        return ids;
    }

    /** Returns the allocated bytes of one tree; empty if it is absent. */
    public Optional<Long> sizeBytes(StoreArea area, String id) throws IOException, InterruptedException {
        FileName name = StoreFiles.name(id);
        return run(() -> {
            if (files.area(area).find(name).isEmpty()) {
                return Optional.empty();
            }
            try (OpenDirectory tree = files.area(area).openDirectory(name)) {
                return Optional.of(TreeMeasure.of(tree, files.root().status().identity()).bytes());
            } catch (StagingStopped e) {
                throw new IOException("%s/%s: %s".formatted(area.directory(), id, e.getMessage()), e);
            }
        });
    }

    /** Returns what a settled move left of its source. Known for as long as the tree is there. */
    public Optional<SourceLeft> sourceLeft(String id) throws IOException, InterruptedException {
        StoreFiles.name(id);
        return run(() -> sourcesLeft.find(id));
    }

    /** Returns the ids of trees that were offered by move and are neither settled nor given back. */
    public List<String> offered() throws IOException, InterruptedException {
        return run(offers::ids);
    }

    /**
     * Notes that the image with that id is registered, so that a tree offered by move belongs to the store. If the image is a copy, its source is
     * deleted now, unless the source has changed.
     */
    public SettleOutcome settle(String id) throws IOException, InterruptedException {
        StoreFiles.name(id);
        return run(() -> new OfferReturn(files, offers, sourcesLeft).settle(id));
    }

    /**
     * Returns a tree that was offered by move to its path, from staging or from the images.
     *
     * @throws IOException when the path is taken by now, or its directory is gone. The tree then stays in the store; {@link #giveBack(String, Path)}
     *         returns it to another path
     */
    public GiveBackOutcome giveBack(String id) throws IOException, InterruptedException {
        StoreFiles.name(id);
        return run(() -> new OfferReturn(files, offers, sourcesLeft).giveBack(id, Optional.empty()));
    }

    /** Does the same as {@link #giveBack(String)}, to another absolute path of the same file system, which must not exist. */
    public GiveBackOutcome giveBack(String id, Path path) throws IOException, InterruptedException {
        StoreFiles.name(id);
        return run(() -> new OfferReturn(files, offers, sourcesLeft).giveBack(id, Optional.of(path)));
    }

    /**
     * Writes an image as tar, in the order of names. The stream is flushed, not closed.
     *
     * @throws IOException when there is no such image, or the stream fails
     */
    public void writeArchive(String id, OutputStream target) throws IOException, InterruptedException {
        FileName name = StoreFiles.name(id);
        run(() -> {
            try (OpenDirectory image = files.area(StoreArea.IMAGES).openDirectory(name)) {
                ArchiveWriter.write(image, target);
                return id;
            } catch (PosixException e) {
                throw e.errno() == Errno.ENOENT ? e.at("image " + id) : e;
            }
        });
    }

    private <T> T run(PlatformThreads.Operation<T> operation) throws IOException, InterruptedException {
        return PlatformThreads.call(() -> {
            open.readLock().lock();
            try {
                if (closed) {
                    throw new IllegalStateException("store %s: is closed".formatted(files.path()));
                }
                return operation.run();
            } finally {
                open.readLock().unlock();
            }
        });
    }

    /** Waits for operations under way, then closes the store. Closing a second time does nothing. */
    @Override
    public void close() throws IOException {
        open.writeLock().lock();
        try {
            closed = true;
            files.close();
        } finally {
            open.writeLock().unlock();
        }
    }
}
