package dev.spillway.worker.filesystem.posix;

import java.lang.foreign.MemorySegment;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

/**
 * The kernel's {@code struct statx} ({@code linux/stat.h}). Its layout is the same on every machine, unlike that of {@code struct stat}.
 */
final class StatxStruct {
    private static final long ATTRIBUTES = 0x08;
    private static final long LINKS = 0x10;
    private static final long OWNER = 0x14;
    private static final long GROUP = 0x18;
    private static final long MODE = 0x1c;
    private static final long INODE = 0x20;
    private static final long SIZE = 0x28;
    private static final long BLOCKS = 0x30;
    private static final long ACCESS_TIME = 0x40;
    private static final long CHANGE_TIME = 0x60;
    private static final long MODIFICATION_TIME = 0x70;
    private static final long OWN_DEVICE_MAJOR = 0x80;
    private static final long OWN_DEVICE_MINOR = 0x84;
    private static final long DEVICE_MAJOR = 0x88;
    private static final long DEVICE_MINOR = 0x8c;
    private static final long BLOCK_BYTES = 512;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final long ATTRIBUTE_IMMUTABLE_OR_APPEND = 0x10 | 0x20;
    private static final long ATTRIBUTE_MOUNT_ROOT = 0x2000;

    private StatxStruct() {}

    static FileStatus read(MemorySegment struct) {
        long attributes = struct.get(JAVA_LONG, ATTRIBUTES);
        int mode = Short.toUnsignedInt(struct.get(JAVA_SHORT, MODE));
        FileTimes times = new FileTimes(
                struct.get(JAVA_LONG, ACCESS_TIME),
                struct.get(JAVA_INT, ACCESS_TIME + Long.BYTES),
                struct.get(JAVA_LONG, MODIFICATION_TIME),
                struct.get(JAVA_INT, MODIFICATION_TIME + Long.BYTES));
        return new FileStatus(
                EntryKind.ofMode(mode, device(struct, OWN_DEVICE_MAJOR, OWN_DEVICE_MINOR)),
                mode & 0xfff,
                Integer.toUnsignedLong(struct.get(JAVA_INT, LINKS)),
                struct.get(JAVA_INT, OWNER),
                struct.get(JAVA_INT, GROUP),
                new FileIdentity(device(struct, DEVICE_MAJOR, DEVICE_MINOR), struct.get(JAVA_LONG, INODE)),
                struct.get(JAVA_LONG, SIZE),
                struct.get(JAVA_LONG, BLOCKS) * BLOCK_BYTES,
                times,
                struct.get(JAVA_LONG, CHANGE_TIME) * NANOS_PER_SECOND + struct.get(JAVA_INT, CHANGE_TIME + Long.BYTES),
                (attributes & ATTRIBUTE_MOUNT_ROOT) != 0,
                (attributes & ATTRIBUTE_IMMUTABLE_OR_APPEND) != 0);
    }

    private static long device(MemorySegment struct, long major, long minor) {
        return (long) struct.get(JAVA_INT, major) << 32 | Integer.toUnsignedLong(struct.get(JAVA_INT, minor));
    }
}
