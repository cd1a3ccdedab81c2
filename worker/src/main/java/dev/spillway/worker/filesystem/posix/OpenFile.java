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

    /** Returns the free and total space of its file system. */
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
     * @param owner -1 to leave it as it is
     */
    public final void setOwner(int owner, int group) throws PosixException {
        LinuxCalls.fchownat(number(), SELF, owner, group, LinuxCalls.AT_EMPTY_PATH);
    }

    public final void setTimes(FileTimes times) throws PosixException {
        LinuxCalls.futimens(number(), times);
    }

    /**
     * Returns the full names ({@code user.x}) of the extended attributes that this process can see. Fails with EOPNOTSUPP on a file system without
     * extended attributes.
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
                // The kernel keeps these names as bytes, and this character set preserves bytes.
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
     * namespace. {@code /proc} shows only one of the two conditions, so this method tries to remove an attribute that no file has.
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

    /** Removes an extended attribute, if the file has it and the file system supports it. */
    public final void removeAttribute(String name) throws PosixException {
        try {
            LinuxCalls.fremovexattr(number(), attributeName(name));
        } catch (PosixException e) {
            if (e.errno() != Errno.ENODATA && e.errno() != Errno.EOPNOTSUPP) {
                throw e;
            }
        }
    }

    /** Makes the content and the attributes of a file, or the entries of a directory, survive power loss. */
    public final void sync() throws PosixException {
        LinuxCalls.fsync(number());
    }

    /** Makes everything that any process has written to this file system so far survive power loss. */
    public final void syncFileSystem() throws PosixException {
        LinuxCalls.syncfs(number());
    }

    /**
     * Locks this file for as long as it stays open. Returns false if another open file has the lock, in this process or another one.
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
