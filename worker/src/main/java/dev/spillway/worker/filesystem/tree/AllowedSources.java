package dev.spillway.worker.filesystem.tree;

import dev.spillway.worker.filesystem.posix.Errno;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * The directories that trees may be taken from. A symbolic link within a path is followed only if its target lies below a root; the last name is
 * never followed. The resolved path is then opened by descriptor, name by name, without following links. So nobody can redirect it between the check
 * and the copy. Thread-safe.
 */
public final class AllowedSources {
    private final List<Path> roots;

    /**
     * @param roots absolute paths; {@code /} allows every directory that this process can read. A root that is not there allows nothing
     */
    public AllowedSources(List<Path> roots) {
        for (Path root : roots) {
            if (!root.isAbsolute()) {
                throw new IllegalArgumentException("allowed source root: %s (expected: an absolute path)".formatted(root));
            }
        }
        this.roots = List.copyOf(roots);
    }

    /**
     * Opens the directory for taking it into a store; the caller closes it.
     *
     * @throws SourceNotAllowedException naming the path, and the roots where it lies outside of them
     * @throws IOException when it cannot be read
     */
    public SourceDirectory open(String requested) throws IOException {
        Path path = absolute(requested);
        Path real = real(requested, path);
        if (real.getParent() == null) {
            throw new SourceNotAllowedException(requested, "is the root of the file system (expected: a directory below it)");
        }
        if (!isAllowed(real)) {
            throw new SourceNotAllowedException(
                    requested,
                    "lies outside of the allowed roots (expected: a directory below one of %s)".formatted(roots));
        }
        try {
            return SourceDirectory.open(real);
        } catch (PosixException e) {
            if (e.isReplaced()) {
                throw new SourceNotAllowedException(requested, "was replaced while it was opened (expected: a directory that stays)");
            }
            if (e.errno() == Errno.EACCES || e.errno() == Errno.EPERM) {
                throw new SourceNotAllowedException(
                        requested,
                        "cannot be opened: %s (expected: a directory that the worker's user may read)".formatted(e.getMessage()));
            }
            throw e;
        }
    }

    private static Path absolute(String requested) throws SourceNotAllowedException {
        Path path;
        try {
            path = Path.of(requested);
        } catch (InvalidPathException e) {
            throw new SourceNotAllowedException(
                    requested,
                    "is not a path here: %s (expected: a path in the encoding of file names, %s)"
                            .formatted(e.getReason(), System.getProperty("sun.jnu.encoding")));
        }
        if (!path.isAbsolute()) {
            throw new SourceNotAllowedException(requested, "is relative (expected: an absolute path)");
        }
        return path;
    }

    private static Path real(String requested, Path path) throws IOException {
        try {
            if (Files.isSymbolicLink(path)) {
                throw new SourceNotAllowedException(requested, "is a symbolic link (expected: the directory itself)");
            }
            Path real = path.toRealPath();
            if (!Files.isDirectory(real, LinkOption.NOFOLLOW_LINKS)) {
                throw new SourceNotAllowedException(requested, "is not a directory (expected: a directory)");
            }
            return real;
        } catch (NoSuchFileException _) {
            throw new SourceNotAllowedException(requested, "is not there (expected: a directory)");
        } catch (FileSystemException e) {
            throw new SourceNotAllowedException(
                    requested,
                    "cannot be reached: %s (expected: a directory)"
                            .formatted(e.getReason() == null ? "access denied at " + e.getFile() : e.getReason()));
        }
    }

    private boolean isAllowed(Path real) throws IOException {
        for (Path root : roots) {
            if (Files.isDirectory(root) && real.startsWith(root.toRealPath())) {
                return true;
            }
        }
        return false;
    }

    @Override
    public String toString() {
        return roots.toString();
    }
}
