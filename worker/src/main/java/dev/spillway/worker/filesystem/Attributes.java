package dev.spillway.worker.filesystem;

import dev.spillway.worker.filesystem.posix.EntryName;
import dev.spillway.worker.filesystem.posix.Errno;
import dev.spillway.worker.filesystem.posix.FileStatus;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.OpenFile;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.io.IOException;
import java.util.List;

import static dev.spillway.worker.filesystem.UnreadableException.reading;

/**
 * Gives copies the owner, mode, extended attributes and times of their sources. The order matters: a change of owner clears setuid and
 * capabilities, a mode may forbid attributes of users, and the times come last because of all of them.
 */
final class Attributes {
    private static final int SET_ID_BITS = 06000;
    static final String ACCESS_LIST = "system.posix_acl_access";
    static final String DEFAULT_LIST = "system.posix_acl_default";
    static final String CAPABILITY = "security.capability";

    private final boolean root;
    private long lost;

    Attributes(boolean root) {
        this.root = root;
    }

    /** How many attributes of the system could not be kept so far. */
    long lost() {
        return lost;
    }

    /**
     * @param target open for as long as nobody else knows it
     * @param now what the target is like
     */
    void copy(OpenFile source, FileStatus status, OpenFile target, FileStatus now) throws IOException {
        int permissions = permissionsAfterOwner(status, now, target);
        for (String name : reading(() -> namesOf(source))) {
            if (isKept(name, root)) {
                set(target, name, reading(() -> source.attribute(name)));
            }
        }
        target.setPermissions(permissions);
        target.setTimes(status.times());
    }

    /** Sets the owner where this process may, else takes away the rights that would now be another owner's. */
    private int permissionsAfterOwner(FileStatus status, FileStatus now, OpenFile target) throws PosixException {
        boolean same = status.owner() == now.owner() && status.group() == now.group();
        if (same) {
            return status.permissions();
        }
        if (root) {
            target.setOwner(status.owner(), status.group());
            return status.permissions();
        }
        boolean kept = status.owner() == now.owner();
        try {
            target.setOwner(-1, status.group());
        } catch (PosixException e) {
            if (e.errno() != Errno.EPERM) {
                throw e;
            }
            kept = false;
        }
        return kept ? status.permissions() : status.permissions() & ~SET_ID_BITS;
    }

    /** For a symbolic link, which has no mode of its own. */
    void copyOfLink(OpenDirectory from, OpenDirectory to, EntryName name, FileStatus status) throws IOException {
        if (root) {
            to.setOwner(name, status.owner(), status.group());
            for (String attribute : reading(() -> namesOfLink(from, name))) {
                if (isKept(attribute, true)) {
                    setOfLink(to, name, attribute, reading(() -> from.attribute(name, attribute)));
                }
            }
        }
        to.setTimes(name, status.times());
    }

    static boolean isKept(String name, boolean root) {
        return name.startsWith("user.") || name.equals(ACCESS_LIST) || name.equals(DEFAULT_LIST)
                || (root && (name.equals(CAPABILITY) || name.startsWith("trusted.")));
    }

    static List<String> namesOf(OpenFile file) throws PosixException {
        try {
            return file.attributeNames();
        } catch (PosixException e) {
            return noneIfUnsupported(e);
        }
    }

    static List<String> namesOfLink(OpenDirectory directory, EntryName name) throws PosixException {
        try {
            return directory.attributeNames(name);
        } catch (PosixException e) {
            return noneIfUnsupported(e);
        }
    }

    private static List<String> noneIfUnsupported(PosixException e) throws PosixException {
        if (e.errno() == Errno.EOPNOTSUPP || e.errno() == Errno.ENOSYS) {
            return List.of();
        }
        throw e;
    }

    void set(OpenFile target, String name, byte[] value) throws PosixException {
        try {
            target.setAttribute(name, value);
        } catch (PosixException e) {
            countIfSystem(name, e);
        }
    }

    private void setOfLink(OpenDirectory directory, EntryName name, String attribute, byte[] value) throws PosixException {
        try {
            directory.setAttribute(name, attribute, value);
        } catch (PosixException e) {
            countIfSystem(attribute, e);
        }
    }

    private void countIfSystem(String name, PosixException e) throws PosixException {
        boolean cannot = e.errno() == Errno.EOPNOTSUPP || e.errno() == Errno.EPERM || e.errno() == Errno.EINVAL;
        if (name.startsWith("user.") || !cannot) {
            throw e;
        }
        lost++;
    }
}
