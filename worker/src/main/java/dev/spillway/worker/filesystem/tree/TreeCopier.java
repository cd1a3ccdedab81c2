package dev.spillway.worker.filesystem.tree;

import dev.spillway.worker.filesystem.FreeSpace;
import dev.spillway.worker.filesystem.RefusalReason;
import dev.spillway.worker.filesystem.StageFigures;
import dev.spillway.worker.filesystem.StagingStopped;
import dev.spillway.worker.filesystem.StoreFullException;
import dev.spillway.worker.filesystem.TreeChangedException;
import dev.spillway.worker.filesystem.UnreadableException;
import dev.spillway.worker.filesystem.posix.DirectoryEntry;
import dev.spillway.worker.filesystem.posix.EntryKind;
import dev.spillway.worker.filesystem.posix.Errno;
import dev.spillway.worker.filesystem.posix.FileIdentity;
import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.FileStatus;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.OpenRegularFile;
import dev.spillway.worker.filesystem.posix.Platform;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.io.IOException;
import java.util.function.LongConsumer;

import static dev.spillway.worker.filesystem.UnreadableException.reading;

/**
 * Copies one tree into an empty directory, exactly: symbolic links as they are, hard links between names of the tree, holes, modes, times to the
 * nanosecond, extended attributes. As root, it also keeps owners and whiteouts of overlays. It reads the source by descriptor and never through a
 * symbolic link. So a directory that somebody replaces by a link meanwhile does not lead the copy out of the tree.
 *
 * <p>A copy of a file that changes meanwhile could have a content that the file never had. So a file whose status changes, also by its ctime alone,
 * is copied again, three times in all; then the copy stops. An unreadable entry is refused with its path; a failed write is an error. Used once, by
 * one thread.
 */
public final class TreeCopier implements TreeWalk.Visitor {
    private static final int ATTEMPTS = 3;
    private static final int PRIVATE_FILE = 0600;
    private static final int PRIVATE_DIRECTORY = 0700;

    private final Descent target;
    private final long maxBytes;
    private final FileIdentity store;
    private final FreeSpace space;
    private final Attributes attributes;
    private final FileContent content;
    private final HardLinks hardLinks;
    private final LongConsumer progress;
    private long bytes;
    private long directories;
    private long files;
    private long symbolicLinks;
    private long links;

    private TreeCopier(
            OpenDirectory targetRoot,
            Descent target,
            boolean reflink,
            long maxBytes,
            FileIdentity store,
            FreeSpace space,
            LongConsumer progress) {
        this.hardLinks = new HardLinks(targetRoot);
        this.target = target;
        this.maxBytes = maxBytes;
        this.store = store;
        this.space = space;
        this.progress = progress;
        this.attributes = new Attributes(space);
        this.content = new FileContent(reflink, space, written -> checkBound(bytes + written));
    }

    /**
     * @param maxBytes the copy stops when it has allocated more
     * @param store the directory of the store, which the tree must not contain: the copy would go on for ever
     * @param progress takes the bytes that are allocated so far
     * @throws StagingStopped with what was refused; the target then holds a part of the tree
     * @throws StoreFullException when too little would stay free
     */
    public static StageFigures copy(
            OpenDirectory source,
            OpenDirectory target,
            boolean reflink,
            long maxBytes,
            FileIdentity store,
            FreeSpace space,
            LongConsumer progress)
            throws IOException, InterruptedException, StagingStopped {
        try (Descent at = new Descent(target)) {
            TreeCopier copier = new TreeCopier(target, at, reflink, maxBytes, store, space, progress);
            TreeWalk.walk(source, copier);
            return copier.figures(reflink);
        } catch (TreeChangedException e) {
            throw StagingStopped.refused(
                    RefusalReason.SOURCE_CHANGED,
                    e.path(),
                    "changed while it was copied (expected: a tree that nobody writes to)");
        } catch (UnreadableException e) {
            throw e.refused();
        }
    }

    private StageFigures figures(boolean reflink) {
        StageFigures.Way way = StageFigures.Way.COPIED;
        if (reflink && content.reflinked() > 0) {
            way = content.notReflinked() == 0 ? StageFigures.Way.REFLINKED : StageFigures.Way.PARTLY_REFLINKED;
        }
        return new StageFigures(way, directories, files, symbolicLinks, links, content.reflinked(), attributes.notKept());
    }

    @Override
    public void entered(Descent source) throws IOException, StagingStopped {
        if (source.status().identity().equals(store)) {
            throw StagingStopped.refused(
                    RefusalReason.STORE_INSIDE,
                    source.text(null),
                    "is the store itself (expected: a tree without it)");
        }
        space.require();
        if (source.depth() > 0) {
            target.current().createDirectory(source.name(), PRIVATE_DIRECTORY);
            target.enter(source.name());
        }
    }

    @Override
    public void leaving(Descent source) throws IOException, StagingStopped {
        if (!reading(() -> source.current().status()).unchanged(source.status())) {
            throw new TreeChangedException(source.text(null));
        }
        FileStatus now = target.current().status();
        attributes.copy(source.current(), source.status(), target.current(), now, () -> source.text(null));
        directories++;
        count(now);
        if (target.depth() > 0) {
            target.leave();
        }
    }

    @Override
    public void visit(Descent source, DirectoryEntry entry) throws IOException, InterruptedException, StagingStopped {
        space.require();
        switch (entry.kind()) {
            case REGULAR_FILE -> copyFile(source, entry.name());
            case SYMBOLIC_LINK -> symbolicLinks += copyUnopened(source, entry.name(), EntryKind.SYMBOLIC_LINK);
            case WHITEOUT -> {
                requireRoot(source, entry.name());
                files += copyUnopened(source, entry.name(), EntryKind.WHITEOUT);
            }
            case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE -> throw special(source, entry.name(), entry.kind());
            case DIRECTORY, UNKNOWN -> throw new TreeChangedException(source.text(entry.name()));
        }
    }

    public static StagingStopped special(Descent at, FileName name, EntryKind kind) {
        return StagingStopped.refused(
                RefusalReason.SPECIAL_FILE,
                at.text(name),
                "is a %s (expected: directories, regular files and symbolic links)".formatted(kind.words()));
    }

    /** Refuses a whiteout, unless this process is root. */
    static void requireRoot(Descent at, FileName name) throws PosixException, StagingStopped {
        if (!Platform.isRoot()) {
            throw StagingStopped.refused(
                    RefusalReason.SPECIAL_FILE,
                    at.text(name),
                    "is a whiteout of overlayfs (expected: a worker that runs as root, which alone keeps whiteouts)");
        }
    }

    private void copyFile(Descent source, FileName name) throws IOException, InterruptedException, StagingStopped {
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            try (OpenRegularFile from = open(source, name)) {
                FileStatus status = reading(from::status);
                if (status.kind() != EntryKind.REGULAR_FILE) {
                    throw new TreeChangedException(source.text(name));
                }
                if (status.links() > 1 && linkToCopy(status.identity(), name)) {
                    return;
                }
                if (copyContent(source, from, status, name)) {
                    files++;
                    return;
                }
            }
            target.current().removeFile(name);
        }
        throw new TreeChangedException(source.text(name));
    }

    private static OpenRegularFile open(Descent source, FileName name) throws IOException {
        try {
            return reading(() -> source.current().openFile(name));
        } catch (PosixException e) {
            throw e.isReplaced() ? new TreeChangedException(source.text(name)) : e;
        }
    }

    /**
     * @return whether the source stayed unchanged while it was read
     */
    private boolean copyContent(Descent source, OpenRegularFile from, FileStatus status, FileName name)
            throws IOException, InterruptedException, StagingStopped {
        try (OpenRegularFile to = target.current().createFile(name, PRIVATE_FILE)) {
            if (!content.copy(from, status, to) || !reading(from::status).unchanged(status)) {
                return false;
            }
            FileStatus now = to.status();
            attributes.copy(from, status, to, now, () -> source.text(name));
            count(now);
            if (status.links() > 1) {
                hardLinks.remember(status.identity(), target.path(name));
            }
            return true;
        }
    }

    private boolean linkToCopy(FileIdentity identity, FileName name) throws IOException {
        boolean linked = hardLinks.link(identity, target.current(), name);
        if (linked) {
            links++;
        }
        return linked;
    }

    /**
     * Copies an entry that cannot be opened: a symbolic link or a whiteout.
     *
     * @return 1, or 0 if it became a further name of an entry that was copied before
     */
    private int copyUnopened(Descent source, FileName name, EntryKind kind) throws IOException, StagingStopped {
        FileStatus status = reading(() -> source.current().status(name));
        if (status.kind() != kind) {
            throw new TreeChangedException(source.text(name));
        }
        if (status.links() > 1 && linkToCopy(status.identity(), name)) {
            return 0;
        }
        if (kind == EntryKind.WHITEOUT) {
            target.current().createWhiteout(name, status.permissions());
        } else {
            target.current().createSymbolicLink(name, readLink(source, name));
        }
        attributes.copyOfLink(source.current(), target.current(), name, status, () -> source.text(name));
        if (status.links() > 1) {
            hardLinks.remember(status.identity(), target.path(name));
        }
        return 1;
    }

    private static byte[] readLink(Descent source, FileName name) throws IOException {
        return reading(() -> {
            try {
                return source.current().readSymbolicLink(name);
            } catch (PosixException e) {
                // EINVAL means that the entry is no link.
                throw e.errno() == Errno.EINVAL ? new TreeChangedException(source.text(name)) : e;
            }
        });
    }

    private void count(FileStatus copy) throws StagingStopped {
        bytes += copy.allocatedBytes();
        checkBound(bytes);
    }

    private void checkBound(long allocated) throws StagingStopped {
        if (allocated > maxBytes) {
            throw StagingStopped.tooLarge(maxBytes);
        }
        progress.accept(allocated);
    }
}
