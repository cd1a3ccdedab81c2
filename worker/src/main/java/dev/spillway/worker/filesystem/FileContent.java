package dev.spillway.worker.filesystem;

import dev.spillway.worker.filesystem.posix.Errno;
import dev.spillway.worker.filesystem.posix.FileStatus;
import dev.spillway.worker.filesystem.posix.OpenRegularFile;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.util.EnumSet;
import java.util.Set;

/**
 * Copies the content of one file after the other of a tree, holes as holes, by the cheapest way that the two file systems allow; what was
 * found not to work for one file is not tried for the next.
 */
final class FileContent {
    /** What is copied between two looks at interrupts and bounds. */
    private static final long STEP_BYTES = 16L * 1024 * 1024;
    private static final Set<Errno> NOT_POSSIBLE_HERE = EnumSet.of(Errno.EXDEV, Errno.EOPNOTSUPP, Errno.ENOSYS, Errno.ENOTTY, Errno.EPERM);

    /** Asked before each step of a copy, with the bytes of this file that are written. */
    @FunctionalInterface
    interface Bound {
        void check(long writtenBytes) throws StagingStopped;
    }

    private final Bound bound;
    private boolean reflinkPossible;
    private boolean kernelCopyPossible = true;
    private long reflinked;
    private long notReflinked;
    private long written;

    FileContent(boolean reflink, Bound bound) {
        this.reflinkPossible = reflink;
        this.bound = bound;
    }

    long reflinked() {
        return reflinked;
    }

    /** Files with content that were copied, whether or not a reflink was wanted. */
    long notReflinked() {
        return notReflinked;
    }

    /** Copies the content that the source had by its status. A source that is shorter by now leaves a shorter copy. */
    void copy(OpenRegularFile source, FileStatus status, OpenRegularFile target)
            throws PosixException, InterruptedException, StagingStopped {
        long size = status.sizeBytes();
        if (size == 0) {
            return;
        }
        if (reflinkPossible && reflink(source, target)) {
            reflinked++;
            return;
        }
        notReflinked++;
        written = 0;
        if (status.allocatedBytes() < size) {
            copyData(source, size, target);
        } else {
            copyRange(source, 0, size, target);
        }
    }

    private boolean reflink(OpenRegularFile source, OpenRegularFile target) throws PosixException {
        try {
            source.shareBlocksWith(target);
            return true;
        } catch (PosixException e) {
            if (NOT_POSSIBLE_HERE.contains(e.errno())) {
                reflinkPossible = false;
            } else if (e.errno() != Errno.EINVAL) {
                throw e;
            }
            return false;
        }
    }

    private void copyData(OpenRegularFile source, long size, OpenRegularFile target)
            throws PosixException, InterruptedException, StagingStopped {
        target.setLength(size);
        long data = source.nextData(0);
        while (data >= 0 && data < size) {
            long hole = Math.min(source.nextHole(data), size);
            copyRange(source, data, hole, target);
            data = hole < size ? source.nextData(hole) : -1;
        }
    }

    private void copyRange(OpenRegularFile source, long start, long end, OpenRegularFile target)
            throws PosixException, InterruptedException, StagingStopped {
        boolean kernel = kernelCopyPossible;
        long at = start;
        while (at < end) {
            TreeWalk.checkInterrupt();
            bound.check(written);
            long count = Math.min(end - at, STEP_BYTES);
            long copied = kernel ? copyInKernel(source, at, count, target) : 0;
            if (copied == 0) {
                kernel = false;
                copied = source.copyThroughMemory(target, at, count);
            }
            if (copied == 0) {
                return;
            }
            at += copied;
            written += copied;
        }
    }

    private long copyInKernel(OpenRegularFile source, long at, long count, OpenRegularFile target) throws PosixException {
        try {
            return source.copyInKernel(target, at, count);
        } catch (PosixException e) {
            if (NOT_POSSIBLE_HERE.contains(e.errno()) || e.errno() == Errno.EINVAL) {
                kernelCopyPossible = false;
                return 0;
            }
            throw e;
        }
    }
}
