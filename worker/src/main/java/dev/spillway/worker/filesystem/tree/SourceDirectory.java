package dev.spillway.worker.filesystem.tree;

import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * An open directory that is to be taken into the store. It stays the same directory if its path leads elsewhere later. Its opener closes it.
 */
public final class SourceDirectory implements AutoCloseable {
    private final Path path;
    private final Path parent;
    private final FileName name;
    private final OpenDirectory directory;

    private SourceDirectory(Path path, Path parent, FileName name, OpenDirectory directory) {
        this.path = path;
        this.parent = parent;
        this.name = name;
        this.directory = directory;
    }

    /** Opens a real path (no symbolic link in it) that is not the root of the file system. */
    public static SourceDirectory open(Path real) throws IOException {
        List<FileName> names = OpenDirectory.names(real);
        Path above = real.getParent();
        if (names.isEmpty() || above == null) {
            throw new IllegalArgumentException("source directory: %s (expected: not the root of the file system)".formatted(real));
        }
        return new SourceDirectory(real, above, names.getLast(), OpenDirectory.open(real));
    }

    /** Returns the path that it was opened at. */
    public Path path() {
        return path;
    }

    /** Opens its current parent. Only a caller that moves or deletes the directory needs read access to the parent. */
    public OpenDirectory openParent() throws IOException {
        return OpenDirectory.open(parent);
    }

    public FileName name() {
        return name;
    }

    public OpenDirectory directory() {
        return directory;
    }

    @Override
    public void close() throws PosixException {
        directory.close();
    }
}
