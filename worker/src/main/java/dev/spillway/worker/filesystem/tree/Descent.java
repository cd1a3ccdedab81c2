package dev.spillway.worker.filesystem.tree;

import dev.spillway.worker.filesystem.ShownPath;
import dev.spillway.worker.filesystem.TreeChangedException;
import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.FileStatus;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The directories from the root of a tree down to the position of a walk. Only the deepest ones are kept open, so a tree may have more levels than a
 * process may have open files. A higher directory is opened again through {@code ..} of the one below it, and must be the same as before. Used by one
 * thread.
 */
public final class Descent implements AutoCloseable {
    private static final int KEPT_OPEN = 24;
    private static final int MAX_TEXT = 400;

    private static final class Level {
        private final @Nullable FileName name;
        private final FileStatus status;
        private @Nullable OpenDirectory directory;

        Level(@Nullable FileName name, FileStatus status, OpenDirectory directory) {
            this.name = name;
            this.status = status;
            this.directory = directory;
        }
    }

    private final List<Level> levels = new ArrayList<>();

    /**
     * @param root stays open when this is closed
     */
    public Descent(OpenDirectory root) throws PosixException {
        levels.add(new Level(null, root.status(), root));
    }

    public OpenDirectory current() {
        OpenDirectory directory = levels.getLast().directory;
        if (directory == null) {
            throw new IllegalStateException("the deepest directory is always open");
        }
        return directory;
    }

    /** Returns the status of the current directory at the time when it was entered. */
    public FileStatus status() {
        return levels.getLast().status;
    }

    /** Returns the status of the parent directory at the time when it was entered. */
    FileStatus statusAbove() {
        return levels.get(levels.size() - 2).status;
    }

    /** Returns the name of the current directory; the root has none. */
    public FileName name() {
        FileName name = levels.getLast().name;
        if (name == null) {
            throw new IllegalStateException("the root of a tree has no name in it");
        }
        return name;
    }

    /** Returns the depth, 0 at the root. */
    public int depth() {
        return levels.size() - 1;
    }

    /** Returns the name of the directory at this depth, 1 or more. */
    public FileName nameAt(int depth) {
        FileName name = levels.get(depth).name;
        if (name == null) {
            throw new IllegalStateException("the root of a tree has no name in it");
        }
        return name;
    }

    public OpenDirectory enter(FileName name) throws PosixException {
        OpenDirectory directory = current().openDirectory(name);
        try {
            levels.add(new Level(name, directory.status(), directory));
        } catch (PosixException e) {
            directory.close();
            throw e;
        }
        int closed = depth() - KEPT_OPEN;
        if (closed > 0) {
            Level level = levels.get(closed);
            OpenDirectory kept = level.directory;
            level.directory = null;
            if (kept != null) {
                kept.close();
            }
        }
        return directory;
    }

    /**
     * Goes up by one.
     *
     * @throws TreeChangedException when the directory above is not the one that was entered from
     */
    public void leave() throws IOException {
        Level left = levels.removeLast();
        Level parent = levels.getLast();
        try (OpenDirectory directory = left.directory) {
            if (parent.directory == null && directory != null) {
                OpenDirectory above = directory.openParent();
                if (!above.status().identity().equals(parent.status.identity())) {
                    above.close();
                    levels.add(new Level(left.name, left.status, directory));
                    throw new TreeChangedException(text(null));
                }
                parent.directory = above;
            }
        }
    }

    /** Returns the path below the root, byte for byte, names joined by slashes. */
    public byte[] path(@Nullable FileName leaf) {
        ByteArrayOutputStream path = new ByteArrayOutputStream();
        for (Level level : levels) {
            append(path, level.name);
        }
        append(path, leaf);
        return path.toByteArray();
    }

    private static void append(ByteArrayOutputStream path, @Nullable FileName name) {
        if (name != null) {
            if (path.size() > 0) {
                path.write('/');
            }
            path.writeBytes(name.toBytes());
        }
    }

    /** Returns the path below the root for people, as {@link ShownPath} shows it; {@code .} for the root itself. */
    public String text(@Nullable FileName leaf) {
        StringBuilder beginning = new StringBuilder();
        StringBuilder end = new StringBuilder();
        long length = -1;
        for (int depth = 1; depth <= levels.size(); depth++) {
            FileName name = depth < levels.size() ? levels.get(depth).name : leaf;
            if (name != null) {
                String part = (length < 0 ? "" : "/") + name;
                length = length < 0 ? part.length() : length + part.length();
                if (beginning.length() < MAX_TEXT) {
                    beginning.append(part);
                }
                end.append(part);
                end.delete(0, Math.max(0, end.length() - MAX_TEXT));
            }
        }
        if (length < 0) {
            return ".";
        }
        return length == beginning.length() ? ShownPath.of(beginning.toString())
                : ShownPath.of(beginning.toString(), end.toString(), length);
    }

    @Override
    public void close() throws PosixException {
        PosixException first = null;
        for (Level level : levels.subList(1, levels.size())) {
            OpenDirectory directory = level.directory;
            try {
                if (directory != null) {
                    directory.close();
                }
            } catch (PosixException e) {
                first = e;
            }
        }
        levels.subList(1, levels.size()).clear();
        if (first != null) {
            throw first;
        }
    }
}
