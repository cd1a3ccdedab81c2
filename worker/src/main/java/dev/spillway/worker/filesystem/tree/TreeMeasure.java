package dev.spillway.worker.filesystem.tree;

import dev.spillway.worker.filesystem.RefusalReason;
import dev.spillway.worker.filesystem.StagingStopped;
import dev.spillway.worker.filesystem.TreeChangedException;
import dev.spillway.worker.filesystem.UnreadableException;
import dev.spillway.worker.filesystem.posix.DirectoryEntry;
import dev.spillway.worker.filesystem.posix.FileIdentity;
import dev.spillway.worker.filesystem.posix.FileStatus;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Counts what a tree holds, without touching it.
 *
 * @param bytes allocated blocks of everything, directories included, a hard-linked file once
 * @param links further names of hard-linked files
 * @param ownsItself whether a rename moves the whole tree and nothing else: no file system is mounted in it, and no file has a name outside
 * @param stays the first entry in it that this process could not remove; empty if there is none
 * @param newestChange time of the newest change of anything in it (ctime), in nanoseconds since 1970
 */
public record TreeMeasure(
        long bytes,
        long directories,
        long files,
        long symbolicLinks,
        long links,
        boolean ownsItself,
        Optional<SourceLeft> stays,
        long newestChange) {
    public long entries() {
        return directories + files + symbolicLinks + links;
    }

    /**
     * @param store the directory of the store, which the tree must not contain
     * @throws StagingStopped when the tree has something that no image may have, or the store in it
     */
    public static TreeMeasure of(OpenDirectory root, FileIdentity store) throws IOException, InterruptedException, StagingStopped {
        Counter counter = new Counter(store, root.status().identity().device());
        TreeWalk.walk(root, counter);
        return counter.result();
    }

    private static final class Counter implements TreeWalk.Visitor {
        private final FileIdentity store;
        private final long device;
        private final Removability removability = new Removability();
        /** Number of names that were not met yet, for each file with several names. */
        private final Map<FileIdentity, Long> namesLeft = new HashMap<>();
        private long bytes;
        private long directories;
        private long files;
        private long symbolicLinks;
        private long links;
        private boolean mounted;
        private long newestChange = Long.MIN_VALUE;

        Counter(FileIdentity store, long device) throws PosixException {
            this.store = store;
            this.device = device;
        }

        TreeMeasure result() {
            boolean namesOutside = namesLeft.values().stream().anyMatch(left -> left > 0);
            return new TreeMeasure(
                    bytes,
                    directories,
                    files,
                    symbolicLinks,
                    links,
                    !mounted && !namesOutside,
                    removability.first(),
                    newestChange);
        }

        @Override
        public void entered(Descent at) throws PosixException, StagingStopped {
            FileStatus status = at.status();
            if (status.identity().equals(store)) {
                throw StagingStopped.refused(
                        RefusalReason.STORE_INSIDE,
                        at.text(null),
                        "is the store itself (expected: a tree without it)");
            }
            directories++;
            bytes += status.allocatedBytes();
            look(status);
            removability.look(at);
        }

        @Override
        public void visit(Descent at, DirectoryEntry entry) throws IOException, StagingStopped {
            FileStatus status = UnreadableException.reading(() -> at.current().status(entry.name()));
            look(status);
            removability.look(at, entry.name(), status);
            switch (status.kind()) {
                case REGULAR_FILE -> files += count(status);
                case WHITEOUT -> {
                    TreeCopier.requireRoot(at, entry.name());
                    files += count(status);
                }
                case SYMBOLIC_LINK -> symbolicLinks += count(status);
                case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE -> throw TreeCopier.special(at, entry.name(), status.kind());
                case DIRECTORY, UNKNOWN -> throw new TreeChangedException(at.text(entry.name()));
            }
        }

        @Override
        public void leaving(Descent at) {
            // counted when it was entered
        }

        private void look(FileStatus status) {
            mounted |= status.mountRoot() || status.identity().device() != device;
            newestChange = Math.max(newestChange, status.changedNanos());
        }

        /**
         * @return 1 for a file met for the first time, else 0
         */
        private int count(FileStatus status) {
            if (status.links() > 1) {
                Long left = namesLeft.get(status.identity());
                namesLeft.put(status.identity(), (left == null ? status.links() : left) - 1);
                if (left != null) {
                    links++;
                    return 0;
                }
            }
            bytes += status.allocatedBytes();
            return 1;
        }
    }
}
