package dev.spillway.worker.filesystem.posix;

import dev.spillway.worker.filesystem.FileSystemSpace;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * An open file or directory. It stays the same file whatever happens to its name. Several threads may use it; close it only when none of them does.
 */
public abstract sealed class OpenFile implements AutoCloseable permits OpenDirectory, OpenRegularFile {
    private static final byte[] SELF = {};

    private volatile int number;

    OpenFile(int number) {
        this.number = number;
    }

    final int number() {
        int open = number;
        if (open < 0) {
            throw new IllegalStateException("file is closed");
        }
        return open;
    }

    public final FileStatus status() throws PosixException {
        return LinuxCalls.statx(number(), SELF, LinuxCalls.AT_EMPTY_PATH);
    }

    /** Returns the room of the file system that it is on. */
    public final FileSystemSpace space() throws PosixException {
        return LinuxCalls.fstatvfs(number());
    }

    /** Sets the lower 12 bits of the mode. */
    public final void setPermissions(int permissions) throws PosixException {
        LinuxCalls.fchmod(number(), permissions);
    }

    /**
     * Sets owner and group. Linux then clears setuid, setgid and capabilities of the file, so set them afterwards.
     *
     * @param owner -1 leaves it
     */
    public final void setOwner(int owner, int group) throws PosixException {
        LinuxCalls.fchownat(number(), SELF, owner, group, LinuxCalls.AT_EMPTY_PATH);
    }

    public final void setTimes(FileTimes times) throws PosixException {
        LinuxCalls.futimens(number(), times);
    }

    /**
     * Names of the extended attributes that this process can see, in full ({@code user.x}). A file system that has none says so with
     * EOPNOTSUPP.
     */
    public final List<String> attributeNames() throws PosixException {
        return names(LinuxCalls.flistxattr(number()));
    }

    static List<String> names(byte[] list) {
        if (list.length == 0) {
            return List.of();
        }
        List<String> names = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < list.length; i++) {
            if (list[i] == 0) {
                // the kernel keeps these names as bytes, and so does this character set
                names.add(new String(list, start, i - start, StandardCharsets.ISO_8859_1));
                start = i + 1;
            }
        }
        return names;
    }

    static byte[] attributeName(String name) {
        return name.getBytes(StandardCharsets.ISO_8859_1);
    }

    public final byte[] attribute(String name) throws PosixException {
        return LinuxCalls.fgetxattr(number(), attributeName(name));
    }

    public final void setAttribute(String name, byte[] value) throws PosixException {
        LinuxCalls.fsetxattr(number(), attributeName(name), value);
    }

    /**
     * Returns whether this process sees {@code trusted.*} attributes. Linux hides them from all but those with CAP_SYS_ADMIN in the first user
     * namespace, of which {@code /proc} tells half only; the removal of an attribute that no file has tells all.
     */
    public final boolean seesTrustedAttributes() throws PosixException {
        try {
            LinuxCalls.fremovexattr(number(), attributeName("trusted.spillway.none"));
            return true;
        } catch (PosixException e) {
            if (e.errno() == Errno.ENODATA || e.errno() == Errno.EOPNOTSUPP) {
                return true;
            }
            if (e.errno() == Errno.EPERM) {
                return false;
            }
            throw e;
        }
    }

    /** Takes an extended attribute away, where the file has it and the file system knows it. */
    public final void removeAttribute(String name) throws PosixException {
        try {
            LinuxCalls.fremovexattr(number(), attributeName(name));
        } catch (PosixException e) {
            if (e.errno() != Errno.ENODATA && e.errno() != Errno.EOPNOTSUPP) {
                throw e;
            }
        }
    }

    /** Makes the content, the attributes and, of a directory, the entries survive power loss. */
    public final void sync() throws PosixException {
        LinuxCalls.fsync(number());
    }

    /** Makes everything that was written to this file's file system so far survive power loss, by anyone. */
    public final void syncFileSystem() throws PosixException {
        LinuxCalls.syncfs(number());
    }

    /**
     * Takes the lock of this file for as long as it stays open, or says false where another open file has it, of this process or another.
     */
    public final boolean tryLock() throws PosixException {
        try {
            LinuxCalls.flock(number(), LinuxCalls.LOCK_EXCLUSIVE_NOW);
            return true;
        } catch (PosixException e) {
            if (e.errno() == Errno.EAGAIN) {
                return false;
            }
            throw e;
        }
    }

    /** Closes the file. Closing a second time does nothing. */
    @Override
    public final void close() throws PosixException {
        int open = number;
        number = -1;
        if (open >= 0) {
            LinuxCalls.close(open);
        }
    }
}
