package dev.spillway.worker.filesystem.tree;

import dev.spillway.worker.filesystem.RefusalReason;
import dev.spillway.worker.filesystem.StagingStopped;
import dev.spillway.worker.filesystem.posix.DirectoryEntry;
import dev.spillway.worker.filesystem.posix.EntryKind;
import dev.spillway.worker.filesystem.posix.Errno;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.OpenRegularFile;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.io.IOException;

/**
 * Refuses a tree in which a file is open for writing. The writer would go on writing into the image if the tree was renamed, or into deleted files if
 * it was copied. A file that this process may not check counts as not open.
 */
public final class OpenWriters implements TreeWalk.Visitor {
    private OpenWriters() {}

    public static void refuse(OpenDirectory root) throws IOException, InterruptedException, StagingStopped {
        TreeWalk.walk(root, new OpenWriters());
    }

    @Override
    public void entered(Descent at) {
        // Directories are never open for writing.
    }

    @Override
    public void visit(Descent at, DirectoryEntry entry) throws IOException, StagingStopped {
        if (entry.kind() != EntryKind.REGULAR_FILE) {
            return;
        }
        try (OpenRegularFile file = at.current().openFile(entry.name())) {
            if (file.isOpenForWriting()) {
                throw StagingStopped.refused(
                        RefusalReason.SOURCE_CHANGED,
                        at.text(entry.name()),
                        "is open for writing (expected: a tree that nobody writes to)");
            }
        } catch (PosixException e) {
            if (e.errno() != Errno.EACCES && e.errno() != Errno.EPERM) {
                throw e;
            }
        }
    }

    @Override
    public void leaving(Descent at) {
        // There is nothing to restore.
    }
}
