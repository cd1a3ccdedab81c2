package dev.spillway.worker.filesystem.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Native memory of one thread for the arguments and results of one call, reused by the next. It saves an allocation per call, and a copy makes some
 * twenty calls for each file. Read the results before the same thread makes another call.
 */
final class Scratch {
    /** PATH_MAX with its NUL. */
    static final int PATH_BYTES = 4096;
    static final int STATX_BYTES = 256;
    /** Size of the buffer in bytes. It also holds the longest extended attribute of Linux, and the longest list of them (64 KiB). */
    static final int BUFFER_BYTES = 256 * 1024;

    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final ThreadLocal<Scratch> CURRENT = ThreadLocal.withInitial(Scratch::new);

    private final MemorySegment state;
    private final MemorySegment firstPath;
    private final MemorySegment secondPath;
    private final MemorySegment struct;
    private final MemorySegment buffer;

    private Scratch() {
        // The memory is collected with the thread. A shared or confined arena would need a close, and a thread has no hook at its end.
        Arena arena = Arena.ofAuto();
        state = arena.allocate(STATE);
        firstPath = arena.allocate(PATH_BYTES);
        secondPath = arena.allocate(PATH_BYTES);
        struct = arena.allocate(STATX_BYTES, Long.BYTES);
        buffer = arena.allocate(BUFFER_BYTES, Long.BYTES);
    }

    static Scratch current() {
        return CURRENT.get();
    }

    MemorySegment state() {
        return state;
    }

    int errno() {
        return (int) ERRNO.get(state, 0L);
    }

    /** Returns room for a {@code struct statx} or two {@code struct timespec}. */
    MemorySegment struct() {
        return struct;
    }

    MemorySegment buffer() {
        return buffer;
    }

    MemorySegment first(byte[] path) throws PosixException {
        return write(firstPath, path);
    }

    MemorySegment second(byte[] path) throws PosixException {
        return write(secondPath, path);
    }

    private static MemorySegment write(MemorySegment target, byte[] path) throws PosixException {
        if (path.length >= PATH_BYTES) {
            throw new PosixException("path", FileName.text(path), Errno.ENAMETOOLONG);
        }
        MemorySegment.copy(path, 0, target, ValueLayout.JAVA_BYTE, 0, path.length);
        target.set(ValueLayout.JAVA_BYTE, path.length, (byte) 0);
        return target;
    }
}
