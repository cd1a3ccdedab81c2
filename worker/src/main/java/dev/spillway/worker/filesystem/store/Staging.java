package dev.spillway.worker.filesystem.store;

import dev.spillway.worker.core.model.NotKept;
import dev.spillway.worker.filesystem.FreeSpace;
import dev.spillway.worker.filesystem.RefusalReason;
import dev.spillway.worker.filesystem.StageFigures;
import dev.spillway.worker.filesystem.StageOutcome;
import dev.spillway.worker.filesystem.StagingStopped;
import dev.spillway.worker.filesystem.TreeChangedException;
import dev.spillway.worker.filesystem.UnreadableException;
import dev.spillway.worker.filesystem.posix.Errno;
import dev.spillway.worker.filesystem.posix.FileIdentity;
import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.Platform;
import dev.spillway.worker.filesystem.posix.PosixException;
import dev.spillway.worker.filesystem.tree.AccessList;
import dev.spillway.worker.filesystem.tree.OpenWriters;
import dev.spillway.worker.filesystem.tree.Removability;
import dev.spillway.worker.filesystem.tree.SourceDirectory;
import dev.spillway.worker.filesystem.tree.SourceLeft;
import dev.spillway.worker.filesystem.tree.TreeCopier;
import dev.spillway.worker.filesystem.tree.TreeMeasure;
import dev.spillway.worker.filesystem.tree.TreeMove;
import dev.spillway.worker.filesystem.tree.TreeSync;
import dev.spillway.worker.filesystem.unlink.TreeUnlinker;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Makes trees in the staging area. A tree is whole, within its bound and durable; otherwise nothing of it is left. */
final class Staging {
    private static final int PRIVATE_DIRECTORY = 0700;
    private static final Set<Errno> RENAME_NOT_POSSIBLE = EnumSet.of(Errno.EXDEV, Errno.EBUSY, Errno.EPERM, Errno.EACCES, Errno.EROFS);

    /** Fills the new, empty directory of a tree. */
    @FunctionalInterface
    interface Filling {
        StageFigures fill(OpenDirectory tree) throws IOException, InterruptedException, StagingStopped;
    }

    private final StoreFiles files;
    private final OfferedSources offers;
    private final SourcesLeft sourcesLeft;
    private final FreeSpace space;
    private final FileIdentity store;
    private final boolean mayLackTrusted;

    /** @param mayLackTrusted whether this process may miss {@code trusted.*} attributes, so that a move that copies leaves its source */
    Staging(StoreFiles files, OfferedSources offers, SourcesLeft sourcesLeft, FreeSpace space, boolean mayLackTrusted)
            throws PosixException {
        this.files = files;
        this.offers = offers;
        this.sourcesLeft = sourcesLeft;
        this.space = space;
        this.store = files.root().status().identity();
        this.mayLackTrusted = mayLackTrusted;
    }

    StageOutcome stage(String id, SourceDirectory source, StageMode mode, long maxBytes, LongConsumer progress)
            throws IOException, InterruptedException {
        try {
            refuseStoreParts(source, mode);
            return switch (mode) {
                case COPY -> copy(id, source, false, maxBytes, progress);
                case REFLINK -> copy(id, source, true, maxBytes, progress);
                case MOVE -> move(id, source, maxBytes, progress);
            };
        } catch (StagingStopped e) {
            return e.outcome();
        } catch (PosixException e) {
            throw e.at(source.path().toString());
        }
    }

    /** Refuses parts of the store as a source, except a published image by copy. */
    private void refuseStoreParts(SourceDirectory source, StageMode mode) throws IOException, StagingStopped {
        List<FileIdentity> ancestry = ancestry(source);
        if (!ancestry.contains(store)) {
            return;
        }
        FileIdentity images = files.area(StoreArea.IMAGES).status().identity();
        if (mode == StageMode.MOVE || ancestry.indexOf(images) < 1) {
            throw StagingStopped.refused(
                    RefusalReason.STORE_INSIDE,
                    ".",
                    "lies in a store (expected: a directory outside of it, or an image to copy)");
        }
    }

    private static List<FileIdentity> ancestry(SourceDirectory source) throws IOException, StagingStopped {
        try {
            return UnreadableException.reading(() -> source.directory().ancestry());
        } catch (UnreadableException e) {
            throw e.refused();
        }
    }

    private StageOutcome copy(String id, SourceDirectory source, boolean reflink, long maxBytes, LongConsumer progress)
            throws IOException, InterruptedException {
        return make(id, maxBytes, tree -> TreeCopier.copy(source.directory(), tree, reflink, maxBytes, store, space, progress));
    }

    /** Makes a new tree in staging. */
    StageOutcome make(String id, long maxBytes, Filling filling) throws IOException, InterruptedException {
        FileName name = StoreFiles.name(id);
        OpenDirectory staging = files.area(StoreArea.STAGING);
        staging.createDirectory(name, PRIVATE_DIRECTORY);
        boolean staged = false;
        try (OpenDirectory tree = staging.openDirectory(name)) {
            ownAlone(tree);
            StageFigures figures = filling.fill(tree);
            StageOutcome.Staged outcome = complete(tree, figures, maxBytes);
            staged = true;
            return outcome;
        } catch (StagingStopped e) {
            return e.outcome();
        } finally {
            if (!staged) {
                removeUnfinished(staging, name);
            }
        }
    }

    /** Removes the access list and the group that a new directory inherited from its parent, because the entries below would inherit them, too. */
    private static void ownAlone(OpenDirectory tree) throws PosixException {
        AccessList.remove(tree);
        tree.setOwner(-1, Platform.group());
        tree.setPermissions(PRIVATE_DIRECTORY);
    }

    private StageOutcome.Staged complete(OpenDirectory tree, StageFigures figures, long maxBytes)
            throws IOException, InterruptedException, StagingStopped {
        TreeSync.sync(tree, figures.entries());
        files.area(StoreArea.STAGING).sync();
        // Measured after the sync, because before it the file system has not allocated all blocks.
        long bytes = TreeMeasure.of(tree, store).bytes();
        if (bytes > maxBytes) {
            throw StagingStopped.tooLarge(maxBytes);
        }
        return new StageOutcome.Staged(bytes, figures);
    }

    /** Removes an unfinished tree, also on an interrupted thread. */
    private static void removeUnfinished(OpenDirectory staging, FileName name) throws IOException, InterruptedException {
        boolean interrupted = Thread.interrupted();
        try {
            TreeUnlinker.unlink(staging, name);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private StageOutcome move(String id, SourceDirectory source, long maxBytes, LongConsumer progress)
            throws IOException, InterruptedException, StagingStopped {
        TreeMeasure before = measure(source);
        if (before.bytes() > maxBytes) {
            throw StagingStopped.tooLarge(maxBytes);
        }
        FileIdentity identity = source.directory().status().identity();
        boolean sameFileSystem = identity.device() == files.area(StoreArea.STAGING).status().identity().device();
        if (before.ownsItself() && before.stays().isEmpty() && sameFileSystem) {
            Optional<StageOutcome> taken = takeOver(id, source, identity, maxBytes);
            if (taken.isPresent()) {
                return taken.get();
            }
        }
        StageOutcome outcome = copy(id, source, false, maxBytes, progress);
        if (outcome instanceof StageOutcome.Staged(var _, var figures)) {
            String lacking = whyIncomplete(figures);
            Optional<SourceLeft> left = lacking == null ? Removability.ofSource(source, before)
                    : Optional.of(SourceLeft.whole(".", lacking));
            if (left.isPresent()) {
                sourcesLeft.write(id, left.get());
                return outcome;
            }
            offers.write(
                    id,
                    new OfferedSources.Offer(
                            OfferedSources.Taken.COPIED,
                            source.path(),
                            identity,
                            before.newestChange(),
                            before.entries()));
        }
        return outcome;
    }

    /** Returns why a copy may lack something of its source; null if it lacks nothing. */
    private @Nullable String whyIncomplete(StageFigures copied) {
        if (!copied.notKept().isEmpty()) {
            return "the image lacks some of it: " + NotKept.words(copied.notKept());
        }
        return mayLackTrusted
                ? "the worker cannot see whether it has trusted.* attributes (expected: CAP_SYS_ADMIN, or the setting ignore-trusted)"
                : null;
    }

    private TreeMeasure measure(SourceDirectory source) throws IOException, InterruptedException, StagingStopped {
        try {
            TreeMeasure measure = TreeMeasure.of(source.directory(), store);
            OpenWriters.refuse(source.directory());
            return measure;
        } catch (TreeChangedException e) {
            throw changed(e.path());
        } catch (UnreadableException e) {
            throw e.refused();
        }
    }

    private static StagingStopped changed(String path) {
        return StagingStopped.refused(
                RefusalReason.SOURCE_CHANGED,
                path,
                "changed while it was taken over (expected: a tree that nobody writes to)");
    }

    /**
     * Renames the source into staging. If a later check fails, renames it back.
     *
     * @return empty if a rename is not possible; the source is then unchanged
     */
    private Optional<StageOutcome> takeOver(String id, SourceDirectory source, FileIdentity identity, long maxBytes)
            throws IOException, InterruptedException, StagingStopped {
        FileName name = StoreFiles.name(id);
        OpenDirectory staging = files.area(StoreArea.STAGING);
        try (OpenDirectory parent = source.openParent()) {
            offers.write(id, new OfferedSources.Offer(OfferedSources.Taken.RENAMED, source.path(), identity, 0, 0));
            try {
                TreeMove.rename(parent, source.name(), staging, name);
            } catch (PosixException e) {
                offers.remove(id);
                throw e;
            }
            boolean staged = false;
            try {
                StageOutcome.Staged outcome = completeMove(staging.status(name).identity(), source, identity, maxBytes);
                parent.sync();
                staged = true;
                return Optional.of(outcome);
            } finally {
                if (!staged) {
                    TreeMove.renameDurably(staging, name, parent, source.name());
                    offers.remove(id);
                }
            }
        } catch (PosixException e) {
            if (RENAME_NOT_POSSIBLE.contains(e.errno())) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private StageOutcome.Staged completeMove(FileIdentity taken, SourceDirectory source, FileIdentity identity, long maxBytes)
            throws IOException, InterruptedException, StagingStopped {
        if (!taken.equals(identity)) {
            throw changed(".");
        }
        TreeMeasure measure = measure(source);
        StageFigures figures = new StageFigures(
                StageFigures.Way.RENAMED,
                measure.directories(),
                measure.files(),
                measure.symbolicLinks(),
                measure.links(),
                0,
                Map.of());
        return complete(source.directory(), figures, maxBytes);
    }
}
