package dev.spillway.worker.filesystem.tree;

import dev.spillway.worker.filesystem.StagingStopped;
import dev.spillway.worker.filesystem.TreeChangedException;
import dev.spillway.worker.filesystem.UnreadableException;
import dev.spillway.worker.filesystem.posix.DirectoryEntry;
import dev.spillway.worker.filesystem.posix.EntryKind;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * Visits a whole tree, of any depth, in the order of names, never through a symbolic link. An interrupt ends it between two entries. An unreadable
 * entry is an {@link UnreadableException}.
 */
public final class TreeWalk {
    /** Acts at each place of a walk. An error of the system gets the path where it happened. */
    public interface Visitor {
        /** Enters a directory, the root first; {@link Descent#current()} is it. */
        void entered(Descent at) throws IOException, InterruptedException, StagingStopped;

        /** Visits an entry of the current directory that is not a directory. */
        void visit(Descent at, DirectoryEntry entry) throws IOException, InterruptedException, StagingStopped;

        /** Leaves the current directory, whose entries were all visited. */
        void leaving(Descent at) throws IOException, InterruptedException, StagingStopped;
    }

    private TreeWalk() {}

    public static void walk(OpenDirectory root, Visitor visitor) throws IOException, InterruptedException, StagingStopped {
        Deque<Iterator<DirectoryEntry>> pending = new ArrayDeque<>();
        try (Descent at = new Descent(root)) {
            pending.push(enter(at, visitor));
            while (!pending.isEmpty()) {
                checkInterrupt();
                if (pending.element().hasNext()) {
                    Iterator<DirectoryEntry> below = visit(at, pending.element().next(), visitor);
                    if (below != null) {
                        pending.push(below);
                    }
                } else {
                    pending.pop();
                    leave(at, visitor);
                }
            }
        }
    }

    private static @Nullable Iterator<DirectoryEntry> visit(Descent at, DirectoryEntry listed, Visitor visitor)
            throws IOException, InterruptedException, StagingStopped {
        try {
            DirectoryEntry entry = listed.kind() == EntryKind.UNKNOWN || listed.kind() == EntryKind.CHARACTER_DEVICE
                    ? new DirectoryEntry(listed.name(), UnreadableException.reading(() -> at.current().status(listed.name())).kind())
                    : listed;
            if (entry.kind() != EntryKind.DIRECTORY) {
                visitor.visit(at, entry);
                return null;
            }
            UnreadableException.reading(() -> at.enter(entry.name()));
        } catch (UnreadableException e) {
            throw e.at(at.text(listed.name()));
        } catch (PosixException e) {
            throw e.isReplaced() ? new TreeChangedException(at.text(listed.name())) : e.at(at.text(listed.name()));
        }
        return enter(at, visitor);
    }

    private static Iterator<DirectoryEntry> enter(Descent at, Visitor visitor) throws IOException, InterruptedException, StagingStopped {
        try {
            visitor.entered(at);
            return UnreadableException.reading(() -> at.current().list()).iterator();
        } catch (UnreadableException e) {
            throw e.at(at.text(null));
        } catch (PosixException e) {
            throw e.at(at.text(null));
        }
    }

    private static void leave(Descent at, Visitor visitor) throws IOException, InterruptedException, StagingStopped {
        try {
            visitor.leaving(at);
        } catch (UnreadableException e) {
            throw e.at(at.text(null));
        } catch (PosixException e) {
            throw e.at(at.text(null));
        }
        if (at.depth() > 0) {
            at.leave();
        }
    }

    public static void checkInterrupt() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted between two steps of a walk");
        }
    }
}
