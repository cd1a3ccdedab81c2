package dev.spillway.worker.filesystem.tree;

import dev.spillway.worker.filesystem.posix.Errno;
import dev.spillway.worker.filesystem.posix.FileIdentity;
import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Remembers the copies of hard-linked files by their first path in the new tree, so that they get their further names. */
final class HardLinks {
    /** The kernel takes paths of less than 4,096 bytes. */
    private static final int MAX_PATH_BYTES = 4000;

    private final OpenDirectory root;
    private final Map<FileIdentity, byte[]> firstPaths = new HashMap<>();

    HardLinks(OpenDirectory root) {
        this.root = root;
    }

    /**
     * @param source the file that the copy at this path below the root was made from
     */
    void remember(FileIdentity source, byte[] path) {
        firstPaths.put(source, path);
    }

    /**
     * Gives the copy of that source a further name, if there is one.
     *
     * @return false if this source has no copy yet, or if its copy has as many names as the file system allows; the caller then makes a copy
     */
    boolean link(FileIdentity source, OpenDirectory directory, FileName name) throws PosixException {
        byte[] first = firstPaths.get(source);
        if (first == null) {
            return false;
        }
        try {
            link(root, first, directory, name);
            return true;
        } catch (PosixException e) {
            if (e.errno() == Errno.EMLINK) {
                firstPaths.remove(source);
                return false;
            }
            throw e;
        }
    }

    /** Gives the file at a path of real directories below the root, of any length, a further name. */
    private static void link(OpenDirectory root, byte[] path, OpenDirectory directory, FileName name) throws PosixException {
        if (path.length <= MAX_PATH_BYTES) {
            directory.createLink(name, root, path);
            return;
        }
        int start = 0;
        OpenDirectory at = root;
        try {
            int slash = indexOfSlash(path, start);
            while (slash >= 0) {
                OpenDirectory above = at;
                at = above.openDirectory(FileName.of(Arrays.copyOfRange(path, start, slash)));
                closeUnless(root, above);
                start = slash + 1;
                slash = indexOfSlash(path, start);
            }
            directory.createLink(name, at, Arrays.copyOfRange(path, start, path.length));
        } finally {
            closeUnless(root, at);
        }
    }

    private static void closeUnless(OpenDirectory root, OpenDirectory directory) throws PosixException {
        if (directory != root) {
            directory.close();
        }
    }

    private static int indexOfSlash(byte[] path, int start) {
        for (int i = start; i < path.length; i++) {
            if (path[i] == '/') {
                return i;
            }
        }
        return -1;
    }
}
