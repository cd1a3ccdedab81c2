package dev.spillway.worker.filesystem.posix;

/** Times of a file's last read and last write: seconds since 1970 and the nanoseconds (0 to 999,999,999) past them. */
public record FileTimes(long accessSeconds, int accessNanos, long modificationSeconds, int modificationNanos) {
    /** Returns this time as that of the last read and of the last write. */
    public static FileTimes of(long seconds, int nanos) {
        return new FileTimes(seconds, nanos, seconds, nanos);
    }

    /** Returns whether the last write is the same, to the nanosecond. */
    public boolean modifiedWith(FileTimes other) {
        return modificationSeconds == other.modificationSeconds && modificationNanos == other.modificationNanos;
    }
}
