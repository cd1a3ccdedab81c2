package dev.spillway.worker.filesystem.posix;

import dev.spillway.worker.filesystem.FileSystemSpace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

import static dev.spillway.worker.filesystem.posix.NativeFunction.link;
import static dev.spillway.worker.filesystem.posix.NativeFunction.variadic;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

/**
 * Functions of the C library, one method each: numbers and bytes in, numbers out, a {@link PosixException} if the call fails. A call that a signal
 * interrupts is made again.
 *
 * <p>A call blocks its carrier thread. On a virtual thread, it would keep a core from all other virtual threads while the disk works. So callers run
 * on platform threads.
 */
final class LinuxCalls {
    static final int O_RDONLY = 0;
    static final int O_WRONLY = 1;
    static final int O_RDWR = 2;
    static final int O_CREAT = 0x40;
    static final int O_EXCL = 0x80;
    static final int O_NONBLOCK = 0x800;
    static final int O_CLOEXEC = 0x80000;
    static final int O_PATH = 0x200000;
    static final int O_DIRECTORY = Platform.openFlags().directory();
    static final int O_NOFOLLOW = Platform.openFlags().noFollow();
    static final int AT_FDCWD = -100;
    static final int AT_SYMLINK_NOFOLLOW = 0x100;
    static final int AT_REMOVEDIR = 0x200;
    static final int AT_EACCESS = 0x200;
    static final int AT_EMPTY_PATH = 0x1000;
    static final int SEEK_SET = 0;
    static final int SEEK_DATA = 3;
    static final int SEEK_HOLE = 4;
    static final int RENAME_NOREPLACE = 1;
    static final int LOCK_EXCLUSIVE_NOW = 2 | 4;
    static final int WRITE_AND_SEARCH = 2 | 1;
    static final int F_SETSIG = 10;
    static final int F_SETLEASE = 1024;
    static final int F_RDLCK = 0;
    static final int F_UNLCK = 2;
    /** A signal that a process without a handler ignores. */
    static final int SIGURG = 23;
    static final int S_IFCHR = 0020000;
    private static final int STATX_BASIC_STATS = 0x7ff;
    private static final int FICLONE = 0x40049409;
    private static final int LIST_BYTES = 64 * 1024;

    private static final MethodHandle OPENAT = variadic("openat", 3, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
    private static final MethodHandle CLOSE = link("close", JAVA_INT, JAVA_INT);
    private static final MethodHandle STATX = link("statx", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle MKDIRAT = link("mkdirat", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle SYSCALL = variadic("syscall", 1, JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG);
    private static final long MKNODAT = Platform.mknodat();
    private static final MethodHandle UNLINKAT = link("unlinkat", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle RENAMEAT2 = link("renameat2", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle LINKAT = link("linkat", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle SYMLINKAT = link("symlinkat", JAVA_INT, ADDRESS, JAVA_INT, ADDRESS);
    private static final MethodHandle READLINKAT = link("readlinkat", JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG);
    private static final MethodHandle GETDENTS64 = link("getdents64", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle LSEEK = link("lseek", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle PREAD = link("pread", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle PWRITE = link("pwrite", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle FTRUNCATE = link("ftruncate", JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle COPY_FILE_RANGE =
            link("copy_file_range", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle IOCTL = variadic("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle FCHMOD = link("fchmod", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle CHMOD = link("chmod", JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle FCHOWNAT = link("fchownat", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle UTIMENSAT = link("utimensat", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT);
    private static final MethodHandle FUTIMENS = link("futimens", JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle FLISTXATTR = link("flistxattr", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle FGETXATTR = link("fgetxattr", JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG);
    private static final MethodHandle FSETXATTR = link("fsetxattr", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle FREMOVEXATTR = link("fremovexattr", JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle LLISTXATTR = link("llistxattr", JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG);
    private static final MethodHandle LGETXATTR = link("lgetxattr", JAVA_LONG, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG);
    private static final MethodHandle LSETXATTR = link("lsetxattr", JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle FSYNC = link("fsync", JAVA_INT, JAVA_INT);
    private static final MethodHandle SYNCFS = link("syncfs", JAVA_INT, JAVA_INT);
    private static final MethodHandle FSTATVFS = link("fstatvfs", JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle FACCESSAT = link("faccessat", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
    private static final MethodHandle FCNTL = variadic("fcntl", 2, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle FLOCK = link("flock", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle GETEUID = link("geteuid", JAVA_INT);
    private static final MethodHandle GETEGID = link("getegid", JAVA_INT);

    private LinuxCalls() {}

    static int openat(int directory, byte[] path, int flags, int mode) throws PosixException {
        return (int) call("open", path, s -> (int) OPENAT.invokeExact(s.state(), directory, s.first(path), flags | O_CLOEXEC, mode));
    }

    /** Closes a file. It does not repeat the call after EINTR, because Linux has released the descriptor by then, and another thread may have it. */
    static void close(int file) throws PosixException {
        Scratch scratch = Scratch.current();
        if (NativeFunction.invokeOnce(scratch, s -> (int) CLOSE.invokeExact(s.state(), file)) < 0
                && Errno.of(scratch.errno()) != Errno.EINTR) {
            throw new PosixException("close", "open file " + file, scratch.errno());
        }
    }

    static FileStatus statx(int directory, byte[] path, int flags) throws PosixException {
        call(
                "stat",
                path,
                s -> (int) STATX.invokeExact(
                        s.state(),
                        directory,
                        s.first(path),
                        flags | AT_SYMLINK_NOFOLLOW,
                        STATX_BASIC_STATS,
                        s.struct()));
        return StatxStruct.read(Scratch.current().struct());
    }

    static void mkdirat(int directory, byte[] path, int mode) throws PosixException {
        call("create directory", path, s -> (int) MKDIRAT.invokeExact(s.state(), directory, s.first(path), mode));
    }

    static void mknodat(int directory, byte[] path, int mode, long device) throws PosixException {
        call("create device", path, s -> (long) SYSCALL.invokeExact(s.state(), MKNODAT, directory, s.first(path), mode, device));
    }

    static void unlinkat(int directory, byte[] path, int flags) throws PosixException {
        call("unlink", path, s -> (int) UNLINKAT.invokeExact(s.state(), directory, s.first(path), flags));
    }

    static void renameat2(int fromDirectory, byte[] from, int toDirectory, byte[] to, int flags) throws PosixException {
        call("rename", from, s -> (int) RENAMEAT2.invokeExact(s.state(), fromDirectory, s.first(from), toDirectory, s.second(to), flags));
    }

    static void linkat(int fromDirectory, byte[] from, int toDirectory, byte[] to) throws PosixException {
        call("link", to, s -> (int) LINKAT.invokeExact(s.state(), fromDirectory, s.first(from), toDirectory, s.second(to), 0));
    }

    static void symlinkat(byte[] target, int directory, byte[] path) throws PosixException {
        call("create symbolic link", path, s -> (int) SYMLINKAT.invokeExact(s.state(), s.first(target), directory, s.second(path)));
    }

    static byte[] readlinkat(int directory, byte[] path) throws PosixException {
        long length = call(
                "read symbolic link",
                path,
                s -> (long) READLINKAT.invokeExact(s.state(), directory, s.first(path), s.buffer(), (long) Scratch.PATH_BYTES));
        return taken(length);
    }

    /**
     * @return number of bytes of entries that are now at the start of {@link Scratch#buffer()}, 0 at the end
     */
    static int getdents64(int directory) throws PosixException {
        return (int) call(
                "list",
                directory,
                s -> (long) GETDENTS64.invokeExact(s.state(), directory, s.buffer(), (long) Scratch.BUFFER_BYTES));
    }

    static long lseek(int file, long offset, int whence) throws PosixException {
        return call("seek in", file, s -> (long) LSEEK.invokeExact(s.state(), file, offset, whence));
    }

    static int pread(int file, MemorySegment target, int count, long offset) throws PosixException {
        return (int) call("read", file, s -> (long) PREAD.invokeExact(s.state(), file, target, (long) count, offset));
    }

    static int pwrite(int file, MemorySegment source, int count, long offset) throws PosixException {
        return (int) call("write", file, s -> (long) PWRITE.invokeExact(s.state(), file, source, (long) count, offset));
    }

    static void ftruncate(int file, long length) throws PosixException {
        call("set length of", file, s -> (int) FTRUNCATE.invokeExact(s.state(), file, length));
    }

    static long copyFileRange(int from, int to, long offset, long count) throws PosixException {
        return call("copy_file_range", from, s -> {
            MemorySegment offsets = s.struct();
            offsets.set(JAVA_LONG, 0, offset);
            offsets.set(JAVA_LONG, Long.BYTES, offset);
            return (long) COPY_FILE_RANGE.invokeExact(
                    s.state(),
                    from,
                    offsets.asSlice(0, Long.BYTES),
                    to,
                    offsets.asSlice(Long.BYTES, Long.BYTES),
                    count,
                    0);
        });
    }

    static void ficlone(int from, int to) throws PosixException {
        call("FICLONE", from, s -> (int) IOCTL.invokeExact(s.state(), to, (long) FICLONE, from));
    }

    static void fchmod(int file, int mode) throws PosixException {
        call("chmod", file, s -> (int) FCHMOD.invokeExact(s.state(), file, mode));
    }

    static void chmod(byte[] path, int mode) throws PosixException {
        call("chmod", path, s -> (int) CHMOD.invokeExact(s.state(), s.first(path), mode));
    }

    static void fchownat(int directory, byte[] path, int owner, int group, int flags) throws PosixException {
        call("chown", path, s -> (int) FCHOWNAT.invokeExact(s.state(), directory, s.first(path), owner, group, flags));
    }

    static void utimensat(int directory, byte[] path, FileTimes times) throws PosixException {
        call(
                "set times of",
                path,
                s -> (int) UTIMENSAT.invokeExact(s.state(), directory, s.first(path), timespecs(s, times), AT_SYMLINK_NOFOLLOW));
    }

    static void futimens(int file, FileTimes times) throws PosixException {
        call("set times of", file, s -> (int) FUTIMENS.invokeExact(s.state(), file, timespecs(s, times)));
    }

    private static MemorySegment timespecs(Scratch scratch, FileTimes times) {
        MemorySegment struct = scratch.struct();
        struct.set(JAVA_LONG, 0, times.accessSeconds());
        struct.set(JAVA_LONG, 8, times.accessNanos());
        struct.set(JAVA_LONG, 16, times.modificationSeconds());
        struct.set(JAVA_LONG, 24, times.modificationNanos());
        return struct;
    }

    static byte[] flistxattr(int file) throws PosixException {
        return taken(call("list attributes of", file, s -> (long) FLISTXATTR.invokeExact(s.state(), file, s.buffer(), (long) LIST_BYTES)));
    }

    static byte[] fgetxattr(int file, byte[] name) throws PosixException {
        return taken(
                call(
                        "get attribute",
                        name,
                        s -> (long) FGETXATTR.invokeExact(s.state(), file, s.first(name), s.buffer(), (long) LIST_BYTES)));
    }

    static void fsetxattr(int file, byte[] name, byte[] value) throws PosixException {
        call(
                "set attribute",
                name,
                s -> (int) FSETXATTR.invokeExact(s.state(), file, s.first(name), given(s, value), (long) value.length, 0));
    }

    static void fremovexattr(int file, byte[] name) throws PosixException {
        call("remove attribute", name, s -> (int) FREMOVEXATTR.invokeExact(s.state(), file, s.first(name)));
    }

    static byte[] llistxattr(byte[] path) throws PosixException {
        return taken(
                call(
                        "list attributes of",
                        path,
                        s -> (long) LLISTXATTR.invokeExact(s.state(), s.first(path), s.buffer(), (long) LIST_BYTES)));
    }

    static byte[] lgetxattr(byte[] path, byte[] name) throws PosixException {
        return taken(
                call(
                        "get attribute",
                        name,
                        s -> (long) LGETXATTR.invokeExact(s.state(), s.first(path), s.second(name), s.buffer(), (long) LIST_BYTES)));
    }

    static void lsetxattr(byte[] path, byte[] name, byte[] value) throws PosixException {
        call(
                "set attribute",
                name,
                s -> (int) LSETXATTR.invokeExact(s.state(), s.first(path), s.second(name), given(s, value), (long) value.length, 0));
    }

    static void fsync(int file) throws PosixException {
        call("fsync", file, s -> (int) FSYNC.invokeExact(s.state(), file));
    }

    static void syncfs(int file) throws PosixException {
        call("syncfs", file, s -> (int) SYNCFS.invokeExact(s.state(), file));
    }

    static FileSystemSpace fstatvfs(int file) throws PosixException {
        call("statvfs", file, s -> (int) FSTATVFS.invokeExact(s.state(), file, s.struct()));
        // The layout of struct statvfs is the same on all machines of 64 bits.
        MemorySegment struct = Scratch.current().struct();
        long fragment = struct.get(JAVA_LONG, 0x08);
        return new FileSystemSpace(
                struct.get(JAVA_LONG, 0x20) * fragment,
                struct.get(JAVA_LONG, 0x10) * fragment,
                struct.get(JAVA_LONG, 0x38),
                struct.get(JAVA_LONG, 0x28));
    }

    static void flock(int file, int operation) throws PosixException {
        call("lock", file, s -> (int) FLOCK.invokeExact(s.state(), file, operation));
    }

    static void faccessat(int directory, byte[] path, int mode) throws PosixException {
        call("access", path, s -> (int) FACCESSAT.invokeExact(s.state(), directory, s.first(path), mode, AT_EACCESS));
    }

    static void fcntl(int file, int command, int argument) throws PosixException {
        call("fcntl", file, s -> (int) FCNTL.invokeExact(s.state(), file, command, (long) argument));
    }

    static int geteuid() throws PosixException {
        return (int) NativeFunction.invoke(Scratch.current(), s -> (int) GETEUID.invokeExact(s.state()));
    }

    static int getegid() throws PosixException {
        return (int) NativeFunction.invoke(Scratch.current(), s -> (int) GETEGID.invokeExact(s.state()));
    }

    private static byte[] taken(long length) {
        byte[] bytes = new byte[(int) length];
        MemorySegment.copy(Scratch.current().buffer(), ValueLayout.JAVA_BYTE, 0, bytes, 0, bytes.length);
        return bytes;
    }

    private static MemorySegment given(Scratch scratch, byte[] value) throws PosixException {
        if (value.length > LIST_BYTES) {
            throw new PosixException("set attribute", "of %d bytes".formatted(value.length), Errno.ERANGE);
        }
        MemorySegment.copy(value, 0, scratch.buffer(), ValueLayout.JAVA_BYTE, 0, value.length);
        return scratch.buffer();
    }

    private static long call(String what, byte[] subject, NativeFunction.Call call) throws PosixException {
        Scratch scratch = Scratch.current();
        long result = NativeFunction.invoke(scratch, call);
        if (result < 0) {
            throw new PosixException(what, FileName.text(subject), scratch.errno());
        }
        return result;
    }

    private static long call(String what, int file, NativeFunction.Call call) throws PosixException {
        Scratch scratch = Scratch.current();
        long result = NativeFunction.invoke(scratch, call);
        if (result < 0) {
            throw new PosixException(what, "open file " + file, scratch.errno());
        }
        return result;
    }
}
