package dev.spillway.worker.filesystem.store;

import dev.spillway.worker.filesystem.FileSystemSpace;
import dev.spillway.worker.filesystem.posix.EntryKind;
import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Empty files that keep inodes for the start of a worker. Whoever takes the last inode of the file system, the next start deletes these files, so that
 * the index can be opened and deletions free more. Thread-safe.
 */
final class InodeReserve {
    private static final Logger LOG = LoggerFactory.getLogger(InodeReserve.class);
    /** A start makes about 25 files: unpacked native libraries, and the logs of the index. */
    static final int FILES = 64;
    /** The reserve is made only if several times as many inodes are free, so that it never takes the last ones. */
    private static final int FREE_FOR_EACH = 4;
    private static final Duration RETRY_AFTER = Duration.ofMinutes(10);
    private static final FileName DIRECTORY = FileName.of("reserve");
    private static final int PRIVATE_FILE = 0600;
    private static final int PRIVATE_DIRECTORY = 0700;

    private final OpenDirectory store;
    private boolean complete;
    private long retryAt = System.nanoTime();

    InodeReserve(OpenDirectory store) {
        this.store = store;
    }

    /** Returns whether the file system has a fixed number of inodes, and too few of them are free for a start. */
    boolean isShort() throws PosixException {
        FileSystemSpace space = store.space();
        return space.inodes() > 0 && space.freeInodes() < FILES;
    }

    /** Deletes the files of the reserve, and returns their number. What else lies there stays. */
    synchronized int release() {
        complete = false;
        int released = 0;
        try {
            if (!isMade()) {
                return 0;
            }
            try (OpenDirectory reserve = store.openDirectory(DIRECTORY)) {
                for (int number = 0; number < FILES; number++) {
                    FileName name = FileName.of(Integer.toString(number));
                    if (reserve.find(name).filter(file -> file.kind() == EntryKind.REGULAR_FILE).isPresent()) {
                        reserve.removeFile(name);
                        released++;
                    }
                }
            }
        } catch (PosixException e) {
            LOG.warn("the reserve of inodes cannot be given back: {}", e.getMessage());
        }
        return released;
    }

    private boolean isMade() throws PosixException {
        return store.find(DIRECTORY).filter(found -> found.kind() == EntryKind.DIRECTORY).isPresent();
    }

    /** Makes the missing files, if the file system has a fixed number of inodes and many are free. Work goes on if that fails. */
    synchronized void refill() {
        long now = System.nanoTime();
        if (complete || now - retryAt < 0) {
            return;
        }
        try {
            fill();
        } catch (PosixException e) {
            retryAt = now + RETRY_AFTER.toNanos();
            LOG.warn("the reserve of inodes cannot be made: {}", e.getMessage());
        }
    }

    private void fill() throws PosixException {
        FileSystemSpace space = store.space();
        if (space.inodes() == 0 || space.freeInodes() < FILES * FREE_FOR_EACH) {
            return;
        }
        if (!isMade()) {
            store.createDirectory(DIRECTORY, PRIVATE_DIRECTORY);
        }
        try (OpenDirectory reserve = store.openDirectory(DIRECTORY)) {
            Set<FileName> there = new HashSet<>();
            reserve.list().forEach(file -> there.add(file.name()));
            for (int number = 0; number < FILES; number++) {
                FileName name = FileName.of(Integer.toString(number));
                if (!there.contains(name)) {
                    reserve.createFile(name, PRIVATE_FILE).close();
                }
            }
            complete = true;
        }
    }
}
