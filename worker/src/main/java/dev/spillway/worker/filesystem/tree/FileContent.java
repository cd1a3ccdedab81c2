package dev.spillway.worker.filesystem.tree;

import dev.spillway.worker.filesystem.FreeSpace;
import dev.spillway.worker.filesystem.StagingStopped;
import dev.spillway.worker.filesystem.UnreadableException;
import dev.spillway.worker.filesystem.posix.Errno;
import dev.spillway.worker.filesystem.posix.FileStatus;
import dev.spillway.worker.filesystem.posix.OpenRegularFile;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;

import static dev.spillway.worker.filesystem.UnreadableException.reading;

/**
 * Copies the content of files, holes as holes, by the cheapest method that both file systems support. A method that failed for one file is not tried
 * for the next ones.
 */
final class FileContent {
    /** Bytes copied between two checks of interrupts, limits and free space. */
    private static final long STEP_BYTES = 4L * 1024 * 1024;
    private static final Set<Errno> NOT_POSSIBLE_HERE = EnumSet.of(Errno.EXDEV, Errno.EOPNOTSUPP, Errno.ENOSYS, Errno.ENOTTY, Errno.EPERM);

    /** Asked before each step of a copy, with the bytes of this file that are written. */
    @FunctionalInterface
    interface Bound {
        void check(long writtenBytes) throws StagingStopped;
    }

    private final FreeSpace space;
    private final Bound bound;
    private boolean reflinkPossible;
    private boolean kernelCopyPossible = true;
    private long reflinked;
    private long notReflinked;
    private long written;

    FileContent(boolean reflink, FreeSpace space, Bound bound) {
        this.space = space;
        this.reflinkPossible = reflink;
        this.bound = bound;
    }

    long reflinked() {
        return reflinked;
    }

    /** Returns the number of files with content that were copied and not reflinked. */
    long notReflinked() {
        return notReflinked;
    }

    /**
     * Copies as many bytes as the status of the source states.
     *
     * @return whether all of it was there to be read
     */
    boolean copy(OpenRegularFile source, FileStatus status, OpenRegularFile target)
            throws IOException, InterruptedException, StagingStopped {
        long size = status.sizeBytes();
        if (size == 0) {
            return isEmpty(source, status);
        }
        if (reflinkPossible && reflink(source, target)) {
            reflinked++;
            return true;
        }
        notReflinked++;
        written = 0;
        return status.allocatedBytes() < size ? copyData(source, size, target) : copyRange(source, 0, size, target);
    }

    /**
     * Returns whether a file of size 0 is empty. Files that the kernel generates while they are read have size 0, too. They are refused, because
     * their copies would be empty and look correct.
     */
    private static boolean isEmpty(OpenRegularFile source, FileStatus status) throws IOException {
        if (reading(() -> source.read(new byte[1], 0, 1, 0)) == 0) {
            return true;
        }
        if (reading(source::status).unchanged(status)) {
            throw UnreadableException.of("it says that it is empty, but has content");
        }
        return false;
    }

    private boolean reflink(OpenRegularFile source, OpenRegularFile target) throws PosixException {
        try {
            source.shareBlocksWith(target);
            return true;
        } catch (PosixException e) {
            if (e.isFull()) {
                throw e;
            }
            // The copy that follows meets any other error again, and knows which of the two files has it.
            reflinkPossible &= !NOT_POSSIBLE_HERE.contains(e.errno());
            return false;
        }
    }

    private boolean copyData(OpenRegularFile source, long size, OpenRegularFile target)
            throws IOException, InterruptedException, StagingStopped {
        target.setLength(size);
        long data = nextData(source, 0);
        while (data >= 0 && data < size) {
            long from = data;
            long hole = Math.min(reading(() -> source.nextHole(from)), size);
            if (!copyRange(source, data, hole, target)) {
                return false;
            }
            data = hole < size ? nextData(source, hole) : -1;
        }
        return true;
    }

    private static long nextData(OpenRegularFile source, long offset) throws IOException {
        return reading(() -> source.nextData(offset));
    }

    private boolean copyRange(OpenRegularFile source, long start, long end, OpenRegularFile target)
            throws IOException, InterruptedException, StagingStopped {
        boolean kernel = kernelCopyPossible;
        long at = start;
        while (at < end) {
            TreeWalk.checkInterrupt();
            bound.check(written);
            long from = at;
            long count = Math.min(end - at, STEP_BYTES);
            long copied = kernel ? space.writing(count, () -> copyInKernel(source, from, count, target)) : 0;
            if (copied == 0) {
                kernel = false;
                long part = Math.min(count, OpenRegularFile.MAX_TRANSFER_BYTES);
                copied = space.writing(part, () -> copyThroughMemory(source, from, part, target));
            }
            if (copied == 0) {
                return false;
            }
            at += copied;
            written += copied;
        }
        return true;
    }

    private static long copyThroughMemory(OpenRegularFile source, long at, long count, OpenRegularFile target) throws IOException {
        try {
            return source.copyThroughMemory(target, at, count);
        } catch (PosixException e) {
            if (e.isFull()) {
                throw e;
            }
            // Reads and writes once more in two steps, to find out which file has the error.
            byte[] bytes = new byte[Math.toIntExact(count)];
            int read = reading(() -> source.read(bytes, 0, bytes.length, at));
            target.write(bytes, 0, read, at);
            return read;
        }
    }

    private long copyInKernel(OpenRegularFile source, long at, long count, OpenRegularFile target) throws PosixException {
        try {
            return source.copyInKernel(target, at, count);
        } catch (PosixException e) {
            if (e.isFull()) {
                throw e;
            }
            // The copy through memory meets any other error again, and knows which of the two files has it.
            kernelCopyPossible &= !NOT_POSSIBLE_HERE.contains(e.errno()) && e.errno() != Errno.EINVAL;
            return 0;
        }
    }
}
