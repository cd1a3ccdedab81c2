package dev.spillway.worker.filesystem.posix;

import java.lang.foreign.MemorySegment;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

/**
 * Room of a file system: bytes, and inodes, of which each file takes one. A file system without a fixed number of inodes says 0 for both.
 *
 * @param freeBytes  bytes that this process may still write
 * @param freeInodes files that this process may still make
 */
public record FileSystemSpace(long freeBytes, long bytes, long freeInodes, long inodes) {
    private static final long FRAGMENT = 0x08;
    private static final long BLOCKS = 0x10;
    private static final long BLOCKS_AVAILABLE = 0x20;
    private static final long FILES = 0x28;
    private static final long FILES_AVAILABLE = 0x38;

    /** Reads a {@code struct statvfs}, whose layout is the same on all machines of 64 bits. */
    static FileSystemSpace read(MemorySegment struct) {
        long fragment = struct.get(JAVA_LONG, FRAGMENT);
        return new FileSystemSpace(struct.get(JAVA_LONG, BLOCKS_AVAILABLE) * fragment, struct.get(JAVA_LONG, BLOCKS) * fragment,
                struct.get(JAVA_LONG, FILES_AVAILABLE), struct.get(JAVA_LONG, FILES));
    }
}
