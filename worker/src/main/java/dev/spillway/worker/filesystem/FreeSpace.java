package dev.spillway.worker.filesystem;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Keeps a reserve of the store's file system free of trees, because deletions need space to write their records. Writes under way count as written,
 * so the reserve also stays free when many run at once. Thread-safe.
 */
public final class FreeSpace {
    private static final long ROOM_BYTES = 1L << 20;

    private final Path store;
    private final FileStore disk;
    private final long keptBytes;
    private final AtomicLong underWay = new AtomicLong();

    /** A part of a copy. */
    @FunctionalInterface
    public interface Step<T> {
        T write() throws IOException;
    }

    public FreeSpace(Path store, long keptBytes) throws IOException {
        this.store = store;
        this.disk = Files.getFileStore(store);
        this.keptBytes = keptBytes;
    }

    /** Returns whether less than twice the reserve is free, so that the next writes may be refused. */
    public boolean isShort() throws IOException {
        return keptBytes > 0 && disk.getUsableSpace() / 2 < keptBytes;
    }

    /** Returns whether the reserve stays free if so many bytes are written. */
    public boolean hasRoomFor(long bytes) throws IOException {
        return disk.getUsableSpace() - underWay.get() - bytes >= keptBytes;
    }

    /** Returns whether 1 MiB is free, so that a small write that failed did not fail for lack of space. */
    public boolean hasRoom() throws IOException {
        return disk.getUsableSpace() >= ROOM_BYTES;
    }

    /** @throws StoreFullException when less than the reserve is free */
    public void require() throws IOException {
        require(underWay.get());
    }

    /**
     * Writes something that takes at most so many bytes of the disk.
     *
     * @throws StoreFullException when less than the reserve would be free afterwards; nothing was written then
     */
    public <T> T writing(long bytes, Step<T> step) throws IOException {
        long all = underWay.addAndGet(bytes);
        try {
            require(all);
            return step.write();
        } finally {
            underWay.addAndGet(-bytes);
        }
    }

    private void require(long aboutToBeWritten) throws IOException {
        if (keptBytes > 0) {
            long usable = disk.getUsableSpace();
            if (usable - aboutToBeWritten < keptBytes) {
                throw new StoreFullException(store, usable, keptBytes);
            }
        }
    }
}
