package dev.spillway.worker.filesystem.posix;

import java.io.IOException;

/** Thrown when Linux refuses a call. Names the call, its object and the reason. */
public final class PosixException extends IOException {
    private static final long serialVersionUID = 1;

    private final Errno errno;

    PosixException(String call, String subject, int number) {
        this(call, subject, number, Errno.of(number));
    }

    PosixException(String call, String subject, Errno errno) {
        this(call, subject, 0, errno);
    }

    private PosixException(String call, String subject, int number, Errno errno) {
        super("%s %s: %s".formatted(call, subject, errno == Errno.OTHER ? "error " + number : errno.words()));
        this.errno = errno;
    }

    private PosixException(String path, PosixException cause) {
        super(path + ": " + cause.getMessage(), cause);
        errno = cause.errno;
    }

    /** Returns the same failure with the caller's path. */
    public PosixException at(String path) {
        return new PosixException(path, this);
    }

    public Errno errno() {
        return errno;
    }

    /** Returns whether the file system, or a quota on it, is full. */
    public boolean isFull() {
        return errno == Errno.ENOSPC || errno == Errno.EDQUOT;
    }

    /** Returns whether the entry is no longer what its directory listed: gone, or replaced by a link or something else. */
    public boolean isReplaced() {
        return errno == Errno.ENOENT || errno == Errno.ELOOP || errno == Errno.ENOTDIR || errno == Errno.ESTALE;
    }
}
