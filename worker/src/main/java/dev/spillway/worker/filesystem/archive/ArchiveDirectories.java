package dev.spillway.worker.filesystem.archive;

import dev.spillway.worker.filesystem.FreeSpace;
import dev.spillway.worker.filesystem.RefusalReason;
import dev.spillway.worker.filesystem.ShownPath;
import dev.spillway.worker.filesystem.StagingStopped;
import dev.spillway.worker.filesystem.posix.Errno;
import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.PosixException;
import dev.spillway.worker.filesystem.tree.Descent;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The directories of a tree that is being unpacked. Only this process can enter them until all entries are there. Then they get their modes and
 * times, the deepest first.
 */
final class ArchiveDirectories implements AutoCloseable {
    private static final int PRIVATE_DIRECTORY = 0700;
    private static final int IMPLIED_DIRECTORY = 0755;
    private static final byte[] HERE = {'.'};
    private static final byte[] UPWARDS = {'.', '.'};

    private static final class Node {
        private final Map<FileName, Node> children = HashMap.newHashMap(2);
        private @Nullable ArchiveMetadata metadata;
    }

    @FunctionalInterface
    interface Created {
        void directory() throws StagingStopped;
    }

    private final Descent at;
    private final Deque<Node> nodes = new ArrayDeque<>();
    private final Created created;
    private long count = 1;

    /**
     * @param created told of each new directory before it is made
     */
    ArchiveDirectories(OpenDirectory root, Created created) throws PosixException {
        this.at = new Descent(root);
        this.created = created;
        nodes.push(new Node());
    }

    long count() {
        return count;
    }

    /** Goes to a directory, and makes it and its parents if they are missing. */
    OpenDirectory go(List<FileName> path) throws IOException, StagingStopped {
        int common = 0;
        while (common < at.depth() && common < path.size() && at.nameAt(common + 1).equals(path.get(common))) {
            common++;
        }
        while (at.depth() > common) {
            at.leave();
            nodes.pop();
        }
        for (FileName name : path.subList(common, path.size())) {
            enter(name);
        }
        return at.current();
    }

    private void enter(FileName name) throws IOException, StagingStopped {
        try {
            if (at.current().find(name).isEmpty()) {
                created.directory();
                at.current().createDirectory(name, PRIVATE_DIRECTORY);
                count++;
            }
            at.enter(name);
        } catch (PosixException e) {
            if (e.errno() == Errno.ELOOP || e.errno() == Errno.ENOTDIR) {
                throw StagingStopped.refused(
                        RefusalReason.NOT_A_DIRECTORY,
                        at.text(name),
                        "is used as a directory, but is something else before it in the archive (expected: entries below directories)");
            }
            throw e;
        }
        nodes.push(nodes.element().children.computeIfAbsent(name, _ -> new Node()));
    }

    /** Notes the metadata that {@link #finish} gives the current directory. */
    void describe(ArchiveMetadata metadata) {
        nodes.element().metadata = metadata;
    }

    /** Gives all directories the metadata of their entries; directories without an entry of their own get mode 755. */
    void finish(ArchiveLosses losses, FreeSpace space) throws IOException, StagingStopped {
        go(List.of());
        Deque<Iterator<Map.Entry<FileName, Node>>> pending = new ArrayDeque<>();
        pending.push(nodes.element().children.entrySet().iterator());
        while (!pending.isEmpty()) {
            if (pending.element().hasNext()) {
                Map.Entry<FileName, Node> child = pending.element().next();
                at.enter(child.getKey());
                nodes.push(child.getValue());
                pending.push(child.getValue().children.entrySet().iterator());
            } else {
                pending.pop();
                complete(at.current(), nodes.element(), losses, space);
                if (at.depth() > 0) {
                    nodes.pop();
                    at.leave();
                }
            }
        }
    }

    private static void complete(OpenDirectory directory, Node node, ArchiveLosses losses, FreeSpace space)
            throws IOException, StagingStopped {
        ArchiveMetadata metadata = node.metadata;
        if (metadata == null) {
            directory.setPermissions(IMPLIED_DIRECTORY);
        } else {
            metadata.apply(directory, losses, space);
        }
    }

    /** Returns the path of an entry of the current directory, for people. */
    String text(@Nullable FileName leaf) {
        return at.text(leaf);
    }

    @Override
    public void close() throws PosixException {
        at.close();
    }

    /**
     * Splits a path in an archive into the names of a directory and of a leaf in it.
     *
     * @param path the bytes of it
     * @param text the path, for people
     */
    static List<FileName> parse(byte[] path, String text, int maxBytes) throws StagingStopped {
        String shown = text.isEmpty() ? "''" : text;
        if (path.length > 0 && path[0] == '/') {
            throw StagingStopped.refused(RefusalReason.BAD_PATH, shown, "is absolute (expected: a path below the root of the archive)");
        }
        if (path.length > maxBytes) {
            throw StagingStopped.refused(
                    RefusalReason.PATH_TOO_LONG,
                    shown,
                    "is a path of %d characters (expected: at most %d bytes)".formatted(text.length(), maxBytes));
        }
        List<FileName> names = new ArrayList<>();
        int start = 0;
        for (int at = 0; at <= path.length; at++) {
            if (at == path.length || path[at] == '/') {
                byte[] part = Arrays.copyOfRange(path, start, at);
                start = at + 1;
                if (Arrays.equals(part, UPWARDS)) {
                    throw StagingStopped.refused(RefusalReason.BAD_PATH, shown, "leads upwards (expected: a path without '..')");
                }
                if (part.length > 0 && !Arrays.equals(part, HERE)) {
                    names.add(name(part, shown));
                }
            }
        }
        return names;
    }

    private static FileName name(byte[] part, String path) throws StagingStopped {
        try {
            return FileName.of(part);
        } catch (IllegalArgumentException e) {
            throw StagingStopped.refused(
                    RefusalReason.BAD_PATH,
                    path,
                    e.getMessage() == null ? "is no path" : ShownPath.of(e.getMessage()));
        }
    }
}
