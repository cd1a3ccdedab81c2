package dev.spillway.worker.filesystem;

import dev.spillway.worker.filesystem.posix.EntryName;
import dev.spillway.worker.filesystem.posix.Errno;
import dev.spillway.worker.filesystem.posix.FileIdentity;
import dev.spillway.worker.filesystem.posix.FileStatus;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Ends what was begun by an offer by move: the store keeps the tree, or its owner gets it back. */
final class OfferReturn {
    private final StoreFiles files;
    private final OfferedSources offers;

    OfferReturn(StoreFiles files, OfferedSources offers) {
        this.files = files;
        this.offers = offers;
    }

    SettleOutcome settle(String id) throws IOException, InterruptedException {
        Optional<OfferedSources.Offer> offer = offers.find(id);
        if (offer.isEmpty()) {
            return new SettleOutcome.NothingOffered();
        }
        SettleOutcome outcome = switch (offer.get().taken()) {
            case RENAMED -> new SettleOutcome.Released();
            case COPIED -> deleteSource(offer.get());
        };
        offers.remove(id);
        return outcome;
    }

    private SettleOutcome deleteSource(OfferedSources.Offer offer) throws IOException, InterruptedException {
        try (SourceDirectory source = SourceDirectory.open(offer.path())) {
            FileStatus status = source.directory().status();
            if (!status.identity().equals(offer.identity())) {
                return new SettleOutcome.SourceKept("%s: is another directory by now".formatted(offer.path()));
            }
            FileIdentity store = files.root().status().identity();
            TreeMeasure now = TreeMeasure.of(source.directory(), store);
            if (now.newestChange() != offer.newestChange() || now.entries() != offer.entries()) {
                return new SettleOutcome.SourceKept("%s: was changed after it was copied".formatted(offer.path()));
            }
            try (OpenDirectory parent = source.openParent()) {
                UnlinkOutcome outcome = TreeUnlinker.unlink(parent, source.name());
                parent.sync();
                return new SettleOutcome.SourceDeleted(outcome);
            }
        } catch (PosixException e) {
            if (e.isReplaced()) {
                return new SettleOutcome.SourceKept("%s: is gone or replaced".formatted(offer.path()));
            }
            if (e.errno() == Errno.EACCES || e.errno() == Errno.EPERM) {
                return new SettleOutcome.SourceKept("%s: %s".formatted(offer.path(), e.getMessage()));
            }
            throw e.at(offer.path().toString());
        } catch (TreeChangedException e) {
            return new SettleOutcome.SourceKept("%s: %s".formatted(offer.path(), e.getMessage()));
        } catch (StagingStopped e) {
            return new SettleOutcome.SourceKept("%s: was changed after it was copied: %s".formatted(offer.path(), e.getMessage()));
        }
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
        EntryName name = StoreFiles.name(id);
        for (StoreArea area : StoreArea.values()) {
            if (files.area(area).find(name).isPresent()) {
                return Optional.of(files.area(area));
            }
        }
        return Optional.empty();
    }

    private static void rename(String id, OpenDirectory area, Path path) throws IOException {
        List<EntryName> names = OpenDirectory.names(path);
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
