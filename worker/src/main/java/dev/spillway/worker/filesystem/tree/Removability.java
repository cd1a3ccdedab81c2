package dev.spillway.worker.filesystem.tree;

import dev.spillway.worker.filesystem.posix.Errno;
import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.FileStatus;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.Platform;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds the first entry of a tree that this process could not unlink, without removing anything. */
public final class Removability {
    private static final int STICKY = 01000;
    private static final int ROOT = 0;

    private final int user;
    private @Nullable SourceLeft first;

    Removability() throws PosixException {
        this.user = Platform.user();
    }

    /** Returns the first entry that cannot be removed. */
    Optional<SourceLeft> first() {
        return Optional.ofNullable(first);
    }

    /** Looks at the current directory of a walk, just entered. */
    void look(Descent at) throws PosixException {
        look(at, null, at.status(), at.depth() > 0 ? at.statusAbove() : null);
        if (first == null) {
            String why = whyNotWritable(at.current(), at.status().owner() == user);
            first = why == null ? null : SourceLeft.whole(at.text(null), why);
        }
    }

    /** Looks at an entry of the current directory of a walk. */
    void look(Descent at, FileName name, FileStatus status) {
        look(at, name, status, at.status());
    }

    private void look(Descent at, @Nullable FileName name, FileStatus status, @Nullable FileStatus directory) {
        if (first == null) {
            String why = whyFixed(status, directory);
            first = why == null ? null : SourceLeft.whole(at.text(name), why);
        }
    }

    private @Nullable String whyFixed(FileStatus status, @Nullable FileStatus directory) {
        if (status.mountRoot()) {
            return "something is mounted here (expected: nothing mounted in a tree to delete)";
        }
        if (status.unremovable()) {
            return "is immutable or append-only (expected: no such flag; chattr -i -a)";
        }
        return directory != null && user != ROOT && (directory.permissions() & STICKY) != 0 && directory.owner() != user
                && status.owner() != user ? "is another user's, in a directory that is sticky (expected: an entry of the worker's user)"
                        : null;
    }

    private static @Nullable String whyNotWritable(OpenDirectory directory, boolean owned) throws PosixException {
        try {
            directory.requireWritable();
            return null;
        } catch (PosixException e) {
            return switch (e.errno()) {
                // The unlinker gives the owner every right first.
                case EACCES -> owned ? null : "nothing may be removed from it by the worker's user";
                case EROFS -> "is on a file system that is read-only";
                default -> throw e;
            };
        }
    }

    /** Returns the first obstacle to removing a source as a whole. */
    public static Optional<SourceLeft> ofSource(SourceDirectory source, TreeMeasure measure) throws IOException {
        if (measure.stays().isPresent()) {
            return measure.stays();
        }
        try (OpenDirectory parent = source.openParent()) {
            FileStatus above = parent.status();
            String why = above.unremovable() ? "is immutable or append-only" : whyNotWritable(parent, false);
            if (why != null) {
                return Optional.of(SourceLeft.whole(".", "the directory that it lies in: " + why));
            }
            return Optional.ofNullable(new Removability().whyFixed(source.directory().status(), above))
                    .map(fixed -> SourceLeft.whole(".", fixed));
        } catch (PosixException e) {
            if (e.errno() == Errno.EACCES) {
                return Optional.of(SourceLeft.whole(".", String.valueOf(e.getMessage())));
            }
            throw e;
        }
    }
}
