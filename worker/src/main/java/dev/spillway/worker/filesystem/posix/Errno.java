package dev.spillway.worker.filesystem.posix;

/**
 * Error numbers that callers of this package distinguish, with the values of Linux (the same on x86_64 and aarch64). All others are {@link #OTHER}.
 */
public enum Errno {
    EPERM(1, "operation not permitted"),
    ENOENT(2, "no such file or directory"),
    ESRCH(3, "no such process"),
    EINTR(4, "interrupted"),
    EIO(5, "input/output error"),
    EBADF(9, "not an open file"),
    ENXIO(6, "no data there"),
    EAGAIN(11, "would block"),
    ENOMEM(12, "out of memory"),
    EACCES(13, "permission denied"),
    EBUSY(16, "device or resource busy"),
    EEXIST(17, "file exists"),
    EXDEV(18, "not on the same file system"),
    ENOTDIR(20, "not a directory"),
    EISDIR(21, "is a directory"),
    EINVAL(22, "invalid argument"),
    ENFILE(23, "too many open files on this machine"),
    EMFILE(24, "too many open files"),
    ENOTTY(25, "not supported by the file"),
    ETXTBSY(26, "text file busy"),
    EFBIG(27, "file too large"),
    ENOSPC(28, "no space left on the file system"),
    EROFS(30, "read-only file system"),
    EMLINK(31, "too many links"),
    ERANGE(34, "result too large"),
    ENAMETOOLONG(36, "name too long"),
    ENOSYS(38, "not in this kernel"),
    ENOTEMPTY(39, "directory not empty"),
    ELOOP(40, "is a symbolic link"),
    ENODATA(61, "no such attribute"),
    EOPNOTSUPP(95, "not supported by the file system"),
    ESTALE(116, "stale file handle"),
    EDQUOT(122, "disk quota exceeded"),
    OTHER(-1, "unknown error");

    private static final Errno[] VALUES = values();

    private final int number;
    private final String words;

    Errno(int number, String words) {
        this.number = number;
        this.words = words;
    }

    static Errno of(int number) {
        for (Errno value : VALUES) {
            if (value.number == number) {
                return value;
            }
        }
        return OTHER;
    }

    String words() {
        return words;
    }
}
