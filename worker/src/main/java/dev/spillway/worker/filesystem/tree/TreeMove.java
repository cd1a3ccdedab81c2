package dev.spillway.worker.filesystem.tree;

import dev.spillway.worker.filesystem.posix.Errno;
import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.FileStatus;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.PosixException;

/** Renames whole trees. */
public final class TreeMove {
    private TreeMove() {}

    /** Moves a tree to a new name, atomically for readers; fails with EEXIST if the name is taken. Durable only after both directories are synced. */
    public static void rename(OpenDirectory from, FileName name, OpenDirectory to, FileName newName) throws PosixException {
        try {
            from.renameToNew(name, to, newName);
        } catch (PosixException e) {
            if (e.errno() != Errno.EACCES) {
                throw e;
            }
            renameReadOnly(from, name, to, newName);
        }
    }

    /** Renames a read-only directory. A move to another parent changes the directory's own {@code ..}, which its mode may forbid to all but root. */
    private static void renameReadOnly(OpenDirectory from, FileName name, OpenDirectory to, FileName newName) throws PosixException {
        FileStatus status = from.status(name);
        from.allowOwner(name);
        try (OpenDirectory tree = from.openDirectory(name)) {
            try {
                from.renameToNew(name, to, newName);
            } finally {
                tree.setPermissions(status.permissions());
            }
        }
    }

    /** Does the same as {@link #rename}, and makes it durable. */
    public static void renameDurably(OpenDirectory from, FileName name, OpenDirectory to, FileName newName) throws PosixException {
        rename(from, name, to, newName);
        to.sync();
        from.sync();
    }
}
