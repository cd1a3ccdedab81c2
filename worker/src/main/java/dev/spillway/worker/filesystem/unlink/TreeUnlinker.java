package dev.spillway.worker.filesystem.unlink;

import dev.spillway.worker.core.model.UnlinkOutcome;
import dev.spillway.worker.filesystem.posix.DirectoryEntry;
import dev.spillway.worker.filesystem.posix.EntryKind;
import dev.spillway.worker.filesystem.posix.Errno;
import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.FileStatus;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.PosixException;
import dev.spillway.worker.filesystem.tree.Descent;
import dev.spillway.worker.filesystem.tree.TreeWalk;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Deletes one tree of any depth by descriptor. It follows no symbolic link and enters no mount. It notes entries that cannot be removed and
 * continues. Used once, by one thread.
 */
public final class TreeUnlinker {
    private static final int FAILURES_KEPT = 20;
    private static final int OWNER_ALL = 0700;

    private final Descent at;
    private final UnlinkPace pace;
    private final Deque<Iterator<DirectoryEntry>> pending = new ArrayDeque<>();
    private final List<String> failures = new ArrayList<>();
    private long failureCount;
    private long bytes;
    private long entries;

    private TreeUnlinker(Descent at, UnlinkPace pace) {
        this.at = at;
        this.pace = pace;
    }

    /** Unlinks a tree without a rate limit. */
    public static UnlinkOutcome unlink(OpenDirectory parent, FileName name) throws IOException, InterruptedException {
        return unlink(parent, name, UnlinkPace.none());
    }

    public static UnlinkOutcome unlink(OpenDirectory parent, FileName name, UnlinkPace pace) throws IOException, InterruptedException {
        Optional<FileStatus> found = parent.find(name);
        if (found.isEmpty()) {
            return new UnlinkOutcome.Absent();
        }
        try (Descent at = new Descent(parent)) {
            return new TreeUnlinker(at, pace).run(new DirectoryEntry(name, found.get().kind()));
        }
    }

    private UnlinkOutcome run(DirectoryEntry top) throws IOException, InterruptedException {
        remove(top);
        while (!pending.isEmpty()) {
            TreeWalk.checkInterrupt();
            if (pending.element().hasNext()) {
                remove(pending.element().next());
            } else {
                pending.pop();
                leaveAndRemove();
            }
        }
        return failureCount == 0 ? new UnlinkOutcome.Unlinked(bytes, entries)
                : new UnlinkOutcome.Incomplete(bytes, entries, failures, failureCount);
    }

    private void remove(DirectoryEntry entry) throws IOException, InterruptedException {
        try {
            FileStatus status = at.current().status(entry.name());
            if (status.mountRoot()) {
                failed(entry.name(), "something is mounted here (expected: nothing mounted in a tree to delete)");
            } else if (status.kind() == EntryKind.DIRECTORY) {
                enter(entry.name());
            } else {
                long freed = freed(status);
                pace.await(freed);
                removeFile(entry.name());
                entries++;
                bytes += freed;
            }
        } catch (PosixException e) {
            // ENOENT means that the entry is gone, as intended.
            if (e.errno() != Errno.ENOENT) {
                failed(entry.name(), e.getMessage());
            }
        }
    }

    private void enter(FileName name) throws PosixException {
        try {
            at.enter(name);
        } catch (PosixException e) {
            if (e.errno() != Errno.EACCES) {
                throw e;
            }
            at.current().allowOwner(name);
            at.enter(name);
        }
        try {
            pending.push(at.current().list().iterator());
        } catch (PosixException e) {
            failed(null, e.getMessage());
            pending.push(List.<DirectoryEntry>of().iterator());
        }
    }

    private void removeFile(FileName name) throws PosixException {
        try {
            at.current().removeFile(name);
        } catch (PosixException e) {
            if (e.errno() != Errno.EACCES) {
                throw e;
            }
            at.current().setPermissions(OWNER_ALL);
            at.current().removeFile(name);
        }
    }

    private void leaveAndRemove() throws IOException, InterruptedException {
        FileName name = at.name();
        FileStatus status = at.status();
        at.leave();
        pace.await(status.allocatedBytes());
        try {
            removeDirectory(name);
            entries++;
            bytes += status.allocatedBytes();
        } catch (PosixException e) {
            // ENOTEMPTY means that an entry is left in it, whose failure is noted already.
            if (e.errno() != Errno.ENOENT && !(e.errno() == Errno.ENOTEMPTY && failureCount > 0)) {
                failed(name, e.getMessage());
            }
        }
    }

    private void removeDirectory(FileName name) throws PosixException {
        try {
            at.current().removeDirectory(name);
        } catch (PosixException e) {
            if (e.errno() != Errno.EACCES || at.depth() == 0) {
                throw e;
            }
            at.current().setPermissions(OWNER_ALL);
            at.current().removeDirectory(name);
        }
    }

    private static long freed(FileStatus status) {
        return status.links() <= 1 ? status.allocatedBytes() : 0;
    }

    private void failed(@Nullable FileName name, @Nullable String why) {
        failureCount++;
        if (failures.size() < FAILURES_KEPT) {
            failures.add(at.text(name) + ": " + why);
        }
    }
}
