package dev.spillway.worker.filesystem.tree;

import dev.spillway.worker.filesystem.StagingStopped;
import dev.spillway.worker.filesystem.posix.DirectoryEntry;
import dev.spillway.worker.filesystem.posix.EntryKind;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.OpenRegularFile;
import java.io.IOException;

/**
 * Makes a whole tree survive power loss.
 *
 * <p>One {@code syncfs} of the file system does that for any number of files with one commit of its journal; a sync of each file costs a
 * commit each. Measured on ext4 with a tree of 10,818 files in 1,173 directories: 0.12 s against 0.95 s to 8.6 s. But {@code syncfs} also
 * waits for what others have written, so a few files are synced one by one. It reports errors of writing back since Linux 5.8.
 */
public final class TreeSync implements TreeWalk.Visitor {
    private static final long FEW_ENTRIES = 16;

    private TreeSync() {}

    public static void sync(OpenDirectory root, long entries) throws IOException, InterruptedException, StagingStopped {
        if (entries > FEW_ENTRIES) {
            root.syncFileSystem();
        } else {
            TreeWalk.walk(root, new TreeSync());
        }
    }

    @Override
    public void entered(Descent at) {
        // A directory is synced when it is left, after all of its entries.
    }

    @Override
    public void visit(Descent at, DirectoryEntry entry) throws IOException {
        if (entry.kind() == EntryKind.REGULAR_FILE) {
            try (OpenRegularFile file = at.current().openFile(entry.name())) {
                file.sync();
            }
        }
    }

    @Override
    public void leaving(Descent at) throws IOException {
        at.current().sync();
    }
}
