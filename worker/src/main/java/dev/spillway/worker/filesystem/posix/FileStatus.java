package dev.spillway.worker.filesystem.posix;

/**
 * The result of {@code statx} for a file.
 *
 * @param permissions the lower 12 bits of the mode: setuid, setgid, sticky, and three times rwx
 * @param sizeBytes length of the content
 * @param allocatedBytes blocks on the disk, in bytes
 * @param changedNanos time of the last change of content, attributes or names (ctime), in nanoseconds since 1970; nobody can set it
 * @param mountRoot whether something else is mounted here
 * @param unremovable whether it is immutable or append-only (chattr +i, +a). Such a file cannot be removed, and no entry can be removed from such a
 *                    directory
 */
public record FileStatus(
        EntryKind kind,
        int permissions,
        long links,
        int owner,
        int group,
        FileIdentity identity,
        long sizeBytes,
        long allocatedBytes,
        FileTimes times,
        long changedNanos,
        boolean mountRoot,
        boolean unremovable) {
    /** Returns whether nobody changed the file between the two calls. A writer can restore the time of the write, but not the time of the change. */
    public boolean unchanged(FileStatus other) {
        return identity.equals(other.identity) && sizeBytes == other.sizeBytes && times.modifiedWith(other.times)
                && changedNanos == other.changedNanos;
    }
}
