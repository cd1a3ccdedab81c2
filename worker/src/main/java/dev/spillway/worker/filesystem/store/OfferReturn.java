package dev.spillway.worker.filesystem.store;

import dev.spillway.worker.core.model.UnlinkOutcome;
import dev.spillway.worker.filesystem.StageOutcome;
import dev.spillway.worker.filesystem.StagingStopped;
import dev.spillway.worker.filesystem.TreeChangedException;
import dev.spillway.worker.filesystem.UnreadableException;
import dev.spillway.worker.filesystem.posix.Errno;
import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.PosixException;
import dev.spillway.worker.filesystem.tree.OpenWriters;
import dev.spillway.worker.filesystem.tree.Removability;
import dev.spillway.worker.filesystem.tree.SourceDirectory;
import dev.spillway.worker.filesystem.tree.SourceLeft;
import dev.spillway.worker.filesystem.tree.TreeMeasure;
import dev.spillway.worker.filesystem.tree.TreeMove;
import dev.spillway.worker.filesystem.unlink.TreeUnlinker;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Settles trees that were offered by move: the store keeps a tree, or its owner gets it back.
 *
 * <p>A source is renamed before it is deleted. So a crash never leaves a part of it under its own name, which a later put would take for the whole.
 * After a crash, {@link #settle} finds the rest by the new name.
 */
final class OfferReturn {
    /** Prefix of the name, in the same directory, of a source that is being deleted. The id of its image follows. */
    private static final String DELETED = ".spillway-deleted-";

    private final StoreFiles files;
    private final OfferedSources offers;
    private final SourcesLeft sourcesLeft;

    OfferReturn(StoreFiles files, OfferedSources offers, SourcesLeft sourcesLeft) {
        this.files = files;
        this.offers = offers;
        this.sourcesLeft = sourcesLeft;
    }

    SettleOutcome settle(String id) throws IOException, InterruptedException {
        Optional<OfferedSources.Offer> offer = offers.find(id);
        if (offer.isEmpty()) {
            return new SettleOutcome.NothingOffered();
        }
        SettleOutcome outcome = switch (offer.get().taken()) {
            case RENAMED -> new SettleOutcome.Released();
            case COPIED -> deleteSource(offer.get(), FileName.of(DELETED + id));
        };
        if (outcome instanceof SettleOutcome.SourceKept(var _, var left)) {
            sourcesLeft.write(id, left);
        }
        offers.remove(id);
        return outcome;
    }

    private SettleOutcome deleteSource(OfferedSources.Offer offer, FileName deleted) throws IOException, InterruptedException {
        FileName name = OpenDirectory.names(offer.path()).getLast();
        try (OpenDirectory parent = OpenDirectory.open(Objects.requireNonNull(offer.path().getParent(), "not the root"))) {
            if (!isSource(parent, deleted, offer)) {
                if (parent.find(name).isEmpty()) {
                    return new SettleOutcome.SourceDeleted(new UnlinkOutcome.Absent());
                }
                try (SourceDirectory source = SourceDirectory.open(offer.path())) {
                    Optional<SourceLeft> left = left(source, offer);
                    if (left.isPresent()) {
                        return new SettleOutcome.SourceKept(offer.path(), left.get());
                    }
                }
                rename(parent, name, deleted);
                if (!isSource(parent, deleted, offer)) {
                    rename(parent, deleted, name);
                    return kept(offer, "is another directory by now");
                }
            }
            return delete(offer, parent, deleted, name);
        } catch (PosixException e) {
            if (e.isReplaced()) {
                return kept(offer, "is gone or replaced");
            }
            if (e.errno() == Errno.EACCES || e.errno() == Errno.EPERM || e.errno() == Errno.EROFS) {
                return kept(offer, String.valueOf(e.getMessage()));
            }
            throw e.at(offer.path().toString());
        } catch (TreeChangedException | UnreadableException e) {
            return kept(offer, String.valueOf(e.getMessage()));
        } catch (StagingStopped e) {
            return e.outcome() instanceof StageOutcome.Refused(var _, var path, var detail)
                    ? new SettleOutcome.SourceKept(offer.path(), SourceLeft.whole(path, detail))
                    : kept(offer, "was changed after it was copied");
        }
    }

    private static boolean isSource(OpenDirectory parent, FileName name, OfferedSources.Offer offer) throws PosixException {
        return parent.find(name).filter(status -> status.identity().equals(offer.identity())).isPresent();
    }

    private static void rename(OpenDirectory parent, FileName from, FileName to) throws PosixException {
        parent.renameToNew(from, parent, to);
        parent.sync();
    }

    private static SettleOutcome delete(OfferedSources.Offer offer, OpenDirectory parent, FileName deleted, FileName name)
            throws IOException, InterruptedException {
        UnlinkOutcome outcome = TreeUnlinker.unlink(parent, deleted);
        parent.sync();
        if (outcome instanceof UnlinkOutcome.Incomplete(var _, var _, var failures, var count)) {
            String why = "%d entries could not be removed, %s".formatted(count, failures.getFirst());
            return new SettleOutcome.SourceKept(
                    offer.path(),
                    new SourceLeft(
                            false,
                            ".",
                            hasNameBack(parent, deleted, name) ? why : why + "; they are in %s beside it".formatted(deleted)));
        }
        return new SettleOutcome.SourceDeleted(outcome);
    }

    private static boolean hasNameBack(OpenDirectory parent, FileName deleted, FileName name) {
        try {
            rename(parent, deleted, name);
            return true;
        } catch (PosixException e) {
            return false;
        }
    }

    private static SettleOutcome kept(OfferedSources.Offer offer, String why) {
        return new SettleOutcome.SourceKept(offer.path(), SourceLeft.whole(".", why));
    }

    /** Returns why the source may not be deleted; empty if it may. Checks the whole source before anything is deleted. */
    private Optional<SourceLeft> left(SourceDirectory source, OfferedSources.Offer offer)
            throws IOException, InterruptedException, StagingStopped {
        if (!source.directory().status().identity().equals(offer.identity())) {
            return Optional.of(SourceLeft.whole(".", "is another directory by now"));
        }
        OpenWriters.refuse(source.directory());
        TreeMeasure now = TreeMeasure.of(source.directory(), files.root().status().identity());
        if (now.newestChange() != offer.newestChange() || now.entries() != offer.entries()) {
            return Optional.of(SourceLeft.whole(".", "was changed after it was copied"));
        }
        return Removability.ofSource(source, now);
    }

    GiveBackOutcome giveBack(String id, Optional<Path> elsewhere) throws IOException {
        Optional<OfferedSources.Offer> offer = offers.find(id);
        if (offer.isEmpty()) {
            return GiveBackOutcome.NOTHING_OFFERED;
        }
        Optional<OpenDirectory> area = areaOf(id);
        if (offer.get().taken() == OfferedSources.Taken.COPIED || area.isEmpty()) {
            offers.remove(id);
            return GiveBackOutcome.SOURCE_UNTOUCHED;
        }
        rename(id, area.get(), elsewhere.orElse(offer.get().path()));
        offers.remove(id);
        return GiveBackOutcome.GIVEN_BACK;
    }

    private Optional<OpenDirectory> areaOf(String id) throws PosixException {
        FileName name = StoreFiles.name(id);
        for (StoreArea area : StoreArea.values()) {
            if (files.area(area).find(name).isPresent()) {
                return Optional.of(files.area(area));
            }
        }
        return Optional.empty();
    }

    private static void rename(String id, OpenDirectory area, Path path) throws IOException {
        List<FileName> names = OpenDirectory.names(path);
        Path above = path.getParent();
        if (names.isEmpty() || above == null) {
            throw new IllegalArgumentException(
                    "path to give %s back to: %s (expected: not the root of the file system)".formatted(id, path));
        }
        try (OpenDirectory parent = OpenDirectory.open(above)) {
            TreeMove.renameDurably(area, StoreFiles.name(id), parent, names.getLast());
        } catch (PosixException e) {
            throw e.at("giving %s back to %s".formatted(id, path));
        }
    }
}
