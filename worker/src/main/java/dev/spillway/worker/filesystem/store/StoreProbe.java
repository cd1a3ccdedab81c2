package dev.spillway.worker.filesystem.store;

import dev.spillway.worker.filesystem.StoreGoneException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Objects;

/**
 * Checks that a store is still where it was opened, and can be written. A file system may be unmounted, or become read-only after a disk error, while
 * there are no puts that would notice. Writes one byte, at most once a second. Thread-safe.
 */
public final class StoreProbe {
    private static final String FILE = "probe";
    private static final Duration NOT_BEFORE = Duration.ofSeconds(1);

    private final Path store;
    private final Object identity;
    private long workedAt;

    /** @throws IOException if the store is not there */
    public StoreProbe(Path store) throws IOException {
        this.store = store;
        this.identity = identity();
        this.workedAt = System.nanoTime() - NOT_BEFORE.toNanos();
    }

    /** @throws IOException naming the store, and why it is gone or cannot be written */
    public synchronized void check() throws IOException {
        if (System.nanoTime() - workedAt < NOT_BEFORE.toNanos()) {
            return;
        }
        try {
            requirePlace();
            write();
        } catch (FileSystemException e) {
            throw new IOException(
                    "store: %s cannot be written: %s".formatted(
                            store,
                            e.getReason() == null ? e.getClass().getSimpleName() : e.getReason()),
                    e);
        }
        workedAt = System.nanoTime();
    }

    /**
     * Looks only whether the store is where it was opened.
     *
     * @throws StoreGoneException if another directory is there, or none
     */
    public void requirePlace() throws IOException {
        boolean there;
        try {
            there = identity().equals(identity);
        } catch (NoSuchFileException | NotDirectoryException e) {
            there = false;
        }
        if (!there) {
            throw new StoreGoneException(store);
        }
    }

    private Object identity() throws IOException {
        return Objects.requireNonNull(Files.readAttributes(store, BasicFileAttributes.class).fileKey(), "fileKey");
    }

    private void write() throws IOException {
        try (FileChannel file = FileChannel.open(
                store.resolve(FILE),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS)) {
            file.write(ByteBuffer.wrap(new byte[]{'\n'}), 0);
            file.force(false);
        }
    }
}
