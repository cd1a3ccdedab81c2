package dev.spillway.worker.filesystem;

import dev.spillway.worker.filesystem.posix.Errno;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Thrown when a part of a tree cannot be read. The owner of the tree can mend that, unlike a disk that cannot be written. */
public final class UnreadableException extends IOException {
    private static final long serialVersionUID = 1;
    /** Errors that have their cause in this process, which is at its limits, and not in the tree. */
    private static final Set<Errno> OWN_LIMITS = EnumSet.of(Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM, Errno.EBADF);

    private final String path;
    private final String why;

    /** A call that only reads. */
    @FunctionalInterface
    public interface Reading<T> {
        T read() throws IOException;
    }

    private UnreadableException(String path, String why, @Nullable Throwable cause) {
        super("%s: cannot be read: %s".formatted(path, why), cause);
        this.path = path;
        this.why = why;
    }

    /** Runs a call that reads a tree. A failure is blamed on the tree, unless the tree changed meanwhile or this process is at its limits. */
    public static <T> T reading(Reading<T> call) throws IOException {
        try {
            return call.read();
        } catch (PosixException e) {
            if (e.isReplaced() || OWN_LIMITS.contains(e.errno())) {
                throw e;
            }
            throw new UnreadableException(".", String.valueOf(e.getMessage()), e);
        }
    }

    public static UnreadableException of(String why) {
        return new UnreadableException(".", why, null);
    }

    /** Returns the same failure with the caller's path. */
    public UnreadableException at(String below) {
        return new UnreadableException(below, why, this);
    }

    public StagingStopped refused() {
        return StagingStopped.refused(
                RefusalReason.UNREADABLE,
                path,
                "cannot be read: %s (expected: a tree that the worker's user may read whole)".formatted(why));
    }
}
