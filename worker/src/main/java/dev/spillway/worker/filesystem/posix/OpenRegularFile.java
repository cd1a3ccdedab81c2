package dev.spillway.worker.filesystem.posix;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * An open file that was listed as a regular one; {@link #status()} tells its real kind. Reads and writes name their offset, so the file has no
 * position.
 */
public final class OpenRegularFile extends OpenFile {
    /** Largest number of bytes that one {@link #read} or {@link #write} moves. */
    public static final int MAX_TRANSFER_BYTES = Scratch.BUFFER_BYTES;

    OpenRegularFile(int number) {
        super(number);
    }

    /** Reads up to {@code count} bytes at the offset; 0 at the end of the file. */
    public int read(byte[] target, int start, int count, long offset) throws PosixException {
        MemorySegment buffer = Scratch.current().buffer();
        int read = LinuxCalls.pread(number(), buffer, Math.min(count, MAX_TRANSFER_BYTES), offset);
        MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, 0, target, start, read);
        return read;
    }

    /** Writes all of the given bytes at the offset. */
    public void write(byte[] source, int start, int count, long offset) throws PosixException {
        MemorySegment buffer = Scratch.current().buffer();
        int done = 0;
        while (done < count) {
            int part = Math.min(count - done, MAX_TRANSFER_BYTES);
            MemorySegment.copy(source, start + done, buffer, ValueLayout.JAVA_BYTE, 0, part);
            writeBuffer(buffer, part, offset + done);
            done += part;
        }
    }

    private void writeBuffer(MemorySegment buffer, int count, long offset) throws PosixException {
        int done = 0;
        while (done < count) {
            done += LinuxCalls.pwrite(number(), buffer.asSlice(done, count - done), count - done, offset + done);
        }
    }

    /**
     * Copies up to {@code count} bytes from this file to the same offset of the other one, through memory.
     *
     * @return bytes copied, at most {@link #MAX_TRANSFER_BYTES}; 0 at the end of this file
     */
    public int copyThroughMemory(OpenRegularFile target, long offset, long count) throws PosixException {
        MemorySegment buffer = Scratch.current().buffer();
        int read = LinuxCalls.pread(number(), buffer, (int) Math.min(count, MAX_TRANSFER_BYTES), offset);
        target.writeBuffer(buffer, read, offset);
        return read;
    }

    /**
     * Does the same as {@link #copyThroughMemory} inside the kernel, which shares the blocks where the file system can. Fails for pairs of files that
     * do not allow it (EXDEV, EINVAL, EOPNOTSUPP, ENOSYS).
     */
    public long copyInKernel(OpenRegularFile target, long offset, long count) throws PosixException {
        return LinuxCalls.copyFileRange(number(), target.number(), offset, count);
    }

    /** Makes the target share all blocks of this file, atomically, or fails (EOPNOTSUPP, EXDEV, EINVAL, ENOTTY). */
    public void shareBlocksWith(OpenRegularFile target) throws PosixException {
        LinuxCalls.ficlone(number(), target.number());
    }

    /** Returns the first offset from the given one on that has data, or -1 if only a hole follows. */
    public long nextData(long offset) throws PosixException {
        try {
            return LinuxCalls.lseek(number(), offset, LinuxCalls.SEEK_DATA);
        } catch (PosixException e) {
            if (e.errno() == Errno.ENXIO) {
                return -1;
            }
            throw e;
        }
    }

    /** Returns the end of the data at the offset; the end of the file counts as a hole. */
    public long nextHole(long offset) throws PosixException {
        return LinuxCalls.lseek(number(), offset, LinuxCalls.SEEK_HOLE);
    }

    /**
     * Returns whether any process has this file open or mapped for writing. Only the file's owner and root can tell, and only on a local file system;
     * otherwise the answer is false.
     *
     * <p>The method takes a read lease, which Linux grants only without a writer, and returns it immediately. A process that opens the file for
     * writing meanwhile waits for that. The default signal of a lease would end this process, so the method sets one that is ignored.
     */
    public boolean isOpenForWriting() {
        try {
            LinuxCalls.fcntl(number(), LinuxCalls.F_SETSIG, LinuxCalls.SIGURG);
            LinuxCalls.fcntl(number(), LinuxCalls.F_SETLEASE, LinuxCalls.F_RDLCK);
            LinuxCalls.fcntl(number(), LinuxCalls.F_SETLEASE, LinuxCalls.F_UNLCK);
            return false;
        } catch (PosixException e) {
            return e.errno() == Errno.EAGAIN;
        }
    }

    public void setLength(long length) throws PosixException {
        LinuxCalls.ftruncate(number(), length);
    }
}
