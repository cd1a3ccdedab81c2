package dev.spillway.worker.filesystem;

import dev.spillway.worker.filesystem.posix.EntryName;
import dev.spillway.worker.filesystem.posix.FileIdentity;
import dev.spillway.worker.filesystem.posix.FileStatus;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.Platform;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.io.IOException;

/// Makes trees in the staging area: whole, bounded and durable, or nothing of them.
final class Staging {
    private static final int PRIVATE_DIRECTORY = 0700;

    /// Fills the new, empty directory of a tree.
    @FunctionalInterface
    interface Filling {
        StageFigures fill(OpenDirectory tree) throws IOException, InterruptedException, StagingStopped;
    }

    private final StoreFiles files;
    private final OfferedSources offers;
    private final FileIdentity store;

    Staging(StoreFiles files, OfferedSources offers) throws PosixException {
        this.files = files;
        this.offers = offers;
        this.store = files.root().status().identity();
    }

    StageOutcome stage(String id, SourceDirectory source, StageMode mode, long maxBytes) throws IOException, InterruptedException {
        try {
            refuseStoreParts(source);
            return switch (mode) {
                case COPY -> copy(id, source, false, maxBytes);
                case REFLINK -> copy(id, source, true, maxBytes);
                case MOVE -> move(id, source, maxBytes);
            };
        } catch (StagingStopped e) {
            return e.outcome();
        } catch (PosixException e) {
            throw e.at(source.path().toString());
        }
    }

    /// A published image may be the source of another one; nothing else in the store may.
    private void refuseStoreParts(SourceDirectory source) throws PosixException, StagingStopped {
        FileIdentity images = files.area(StoreArea.IMAGES).status().identity();
        OpenDirectory at = source.directory();
        FileIdentity identity = at.status().identity();
        FileIdentity below = identity;
        OpenDirectory opened = null;
        try {
            while (true) {
                if (identity.equals(store)) {
                    throw StagingStopped.refused(RefusalReason.STORE_INSIDE, ".",
                            "lies in a store (expected: a directory outside of it, or below its images)");
                }
                if (identity.equals(images) && !below.equals(images)) {
                    return;
                }
                OpenDirectory above = at.openParent();
                if (opened != null) {
                    opened.close();
                }
                opened = above;
                at = above;
                below = identity;
                identity = above.status().identity();
                if (identity.equals(below)) {
                    return;
                }
            }
        } finally {
            if (opened != null) {
                opened.close();
            }
        }
    }

    private StageOutcome copy(String id, SourceDirectory source, boolean reflink, long maxBytes) throws IOException, InterruptedException {
        return make(id, maxBytes, tree -> TreeCopier.copy(source.directory(), tree, reflink, maxBytes, store, Platform.isRoot()));
    }

    /// Makes a new tree in staging.
    StageOutcome make(String id, long maxBytes, Filling filling) throws IOException, InterruptedException {
        EntryName name = StoreFiles.name(id);
        OpenDirectory staging = files.area(StoreArea.STAGING);
        staging.createDirectory(name, PRIVATE_DIRECTORY);
        boolean staged = false;
        try (OpenDirectory tree = staging.openDirectory(name)) {
            StageFigures figures = filling.fill(tree);
            StageOutcome.Staged outcome = complete(tree, figures, maxBytes);
            staged = true;
            return outcome;
        } catch (StagingStopped e) {
            return e.outcome();
        } catch (PosixException e) {
            throw e.isFull() ? new StoreFullException(files.path(), id, e) : e;
        } finally {
            if (!staged) {
                removeUnfinished(staging, name);
            }
        }
    }

    private StageOutcome.Staged complete(OpenDirectory tree, StageFigures figures, long maxBytes)
            throws IOException, InterruptedException, StagingStopped {
        TreeSync.sync(tree, figures.entries());
        files.area(StoreArea.STAGING).sync();
        // after the sync: before it the file system has not decided on all blocks
        long bytes = TreeMeasure.of(tree, store).bytes();
        if (bytes > maxBytes) {
            throw StagingStopped.tooLarge(maxBytes);
        }
        return new StageOutcome.Staged(bytes, figures);
    }

    /// Also for an interrupted thread.
    private static void removeUnfinished(OpenDirectory staging, EntryName name) throws IOException, InterruptedException {
        boolean interrupted = Thread.interrupted();
        try {
            TreeUnlinker.unlink(staging, name);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private StageOutcome move(String id, SourceDirectory source, long maxBytes) throws IOException, InterruptedException, StagingStopped {
        TreeMeasure before = measure(source);
        if (before.bytes() > maxBytes) {
            throw StagingStopped.tooLarge(maxBytes);
        }
        FileIdentity identity = source.directory().status().identity();
        boolean sameFileSystem = identity.device() == files.area(StoreArea.STAGING).status().identity().device();
        if (before.ownsItself() && sameFileSystem && takeOver(id, source, identity)) {
            return completeOrGiveBack(id, source, maxBytes);
        }
        StageOutcome outcome = copy(id, source, false, maxBytes);
        if (outcome instanceof StageOutcome.Staged) {
            offers.write(id, new OfferedSources.Offer(OfferedSources.Taken.COPIED, source.path(), identity, before.newestChange(),
                    before.entries()));
        }
        return outcome;
    }

    private TreeMeasure measure(SourceDirectory source) throws IOException, InterruptedException, StagingStopped {
        try {
            return TreeMeasure.of(source.directory(), store);
        } catch (TreeChangedException e) {
            throw changed(e.path());
        }
    }

    private static StagingStopped changed(String path) {
        return StagingStopped.refused(RefusalReason.SOURCE_CHANGED, path,
                "changed while it was taken over (expected: a tree that nobody writes to)");
    }

    /// @return false where a rename is not possible; then nothing happened
    private boolean takeOver(String id, SourceDirectory source, FileIdentity identity) throws PosixException {
        EntryName name = StoreFiles.name(id);
        offers.write(id, new OfferedSources.Offer(OfferedSources.Taken.RENAMED, source.path(), identity, 0, 0));
        try {
            TreeMove.rename(source.parent(), source.name(), files.area(StoreArea.STAGING), name);
            return true;
        } catch (PosixException e) {
            offers.remove(id);
            return switch (e.errno()) {
                case EXDEV, EBUSY, EPERM, EACCES, EROFS -> false;
                default -> throw e;
            };
        }
    }

    private StageOutcome completeOrGiveBack(String id, SourceDirectory source, long maxBytes)
            throws IOException, InterruptedException, StagingStopped {
        OpenDirectory staging = files.area(StoreArea.STAGING);
        EntryName name = StoreFiles.name(id);
        boolean staged = false;
        try (OpenDirectory tree = staging.openDirectory(name)) {
            FileStatus taken = tree.status();
            if (!taken.identity().equals(source.directory().status().identity())) {
                throw changed(".");
            }
            TreeMeasure measure = measure(source);
            StageFigures figures = new StageFigures(StageFigures.Way.RENAMED, measure.directories(), measure.files(),
                    measure.symbolicLinks(), measure.links(), 0, 0);
            StageOutcome.Staged outcome = complete(tree, figures, maxBytes);
            source.parent().sync();
            staged = true;
            return outcome;
        } finally {
            if (!staged) {
                TreeMove.renameDurably(staging, name, source.parent(), source.name());
                offers.remove(id);
            }
        }
    }
}
