package dev.spillway.worker.filesystem.tree;

import dev.spillway.worker.core.model.NotKept;
import dev.spillway.worker.filesystem.FreeSpace;
import dev.spillway.worker.filesystem.RefusalReason;
import dev.spillway.worker.filesystem.ShownPath;
import dev.spillway.worker.filesystem.StagingStopped;
import dev.spillway.worker.filesystem.posix.Errno;
import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.FileStatus;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.OpenFile;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

import static dev.spillway.worker.filesystem.UnreadableException.reading;

/**
 * Gives copies the owner, mode, extended attributes and times of their sources. The order matters. A change of owner clears setuid and capabilities,
 * a mode may forbid attributes of users, and all of them change the times, which come last.
 */
public final class Attributes {
    private static final int SET_ID_BITS = 06000;
    private static final int GROUP_BITS = 070;
    private static final int OTHER_BITS = 07;
    public static final String CAPABILITY = "security.capability";
    /** Errors that mean that this process may not set an attribute, or that the file system cannot keep it. */
    private static final Set<Errno> CANNOT = EnumSet.of(Errno.EPERM, Errno.EOPNOTSUPP, Errno.EINVAL);

    private final FreeSpace space;
    private final Map<NotKept, Long> notKept = new EnumMap<>(NotKept.class);

    Attributes(FreeSpace space) {
        this.space = space;
    }

    private enum Owned {
        BOTH, GROUP_ALONE, NOT_GROUP
    }

    /** Sets an attribute of a file or a link. */
    @FunctionalInterface
    public interface Setting {
        void set(String name, byte[] value) throws PosixException;
    }

    @FunctionalInterface
    private interface Owner {
        void set(int owner, int group) throws PosixException;
    }

    /** Returns the number of files that lost something, by kind. */
    Map<NotKept, Long> notKept() {
        return new EnumMap<>(notKept);
    }

    /**
     * @param target a file that no other process knows yet
     * @param now status of the target
     * @param path path of the source, for messages
     * @throws StagingStopped naming an attribute that is too large for the target's file system
     */
    void copy(OpenFile source, FileStatus status, OpenFile target, FileStatus now, Supplier<String> path)
            throws IOException, StagingStopped {
        int permissions = permissions(status, own(status, now, target::setOwner));
        if ((status.permissions() & ~permissions & SET_ID_BITS) != 0) {
            notKept.merge(NotKept.SETUID, 1L, Long::sum);
        }
        for (String name : reading(() -> namesOf(source))) {
            if (isKept(name, true)) {
                byte[] value = reading(() -> source.attribute(name));
                if (!set(target::setAttribute, name, value, path) && name.equals(AccessList.ACCESS)) {
                    permissions = AccessList.permissionsWithout(value, permissions);
                }
            }
        }
        target.setPermissions(permissions);
        target.setTimes(status.times());
    }

    /** Removes the rights that another owner or another group would get. */
    private static int permissions(FileStatus status, Owned owned) {
        return switch (owned) {
            case BOTH -> status.permissions();
            case GROUP_ALONE -> status.permissions() & ~SET_ID_BITS;
            case NOT_GROUP -> withoutGroup(status.permissions() & ~SET_ID_BITS);
        };
    }

    /** Returns the permissions with no more rights for the group than for all others. */
    public static int withoutGroup(int permissions) {
        return permissions & (~GROUP_BITS | (permissions & OTHER_BITS) << 3);
    }

    private Owned own(FileStatus status, FileStatus now, Owner target) throws PosixException {
        boolean sameOwner = status.owner() == now.owner();
        boolean sameGroup = status.group() == now.group();
        if ((sameOwner && sameGroup) || canSet(target, status.owner(), status.group())) {
            return Owned.BOTH;
        }
        notKept.merge(NotKept.OWNERS, 1L, Long::sum);
        return sameGroup || (!sameOwner && canSet(target, -1, status.group())) ? Owned.GROUP_ALONE : Owned.NOT_GROUP;
    }

    private static boolean canSet(Owner target, int owner, int group) throws PosixException {
        try {
            target.set(owner, group);
            return true;
        } catch (PosixException e) {
            if (!CANNOT.contains(e.errno())) {
                throw e;
            }
            return false;
        }
    }

    /** Copies the attributes of a symbolic link, which has no mode of its own. */
    void copyOfLink(OpenDirectory from, OpenDirectory to, FileName name, FileStatus status, Supplier<String> path)
            throws IOException, StagingStopped {
        own(status, to.status(name), (owner, group) -> to.setOwner(name, owner, group));
        for (String attribute : reading(() -> namesOfLink(from, name))) {
            if (isKept(attribute, true)) {
                set((of, value) -> to.setAttribute(name, of, value), attribute, reading(() -> from.attribute(name, attribute)), path);
            }
        }
        to.setTimes(name, status.times());
    }

    public static boolean isKept(String name, boolean root) {
        return name.startsWith("user.") || name.equals(AccessList.ACCESS) || name.equals(AccessList.DEFAULT)
                || (root && (name.equals(CAPABILITY) || name.startsWith("trusted.")));
    }

    public static List<String> namesOf(OpenFile file) throws PosixException {
        try {
            return file.attributeNames();
        } catch (PosixException e) {
            return noneIfUnsupported(e);
        }
    }

    public static List<String> namesOfLink(OpenDirectory directory, FileName name) throws PosixException {
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

    /** Sets an attribute and returns whether it is kept; counts it as lost if not. */
    private boolean set(Setting target, String name, byte[] value, Supplier<String> path) throws IOException, StagingStopped {
        try {
            target.set(name, value);
            return true;
        } catch (PosixException e) {
            if (e.errno() == Errno.ENOSPC && space.hasRoom()) {
                throw tooLarge(path.get(), name, value);
            }
            countIfSystem(name, e);
            return false;
        }
    }

    private void countIfSystem(String name, PosixException e) throws PosixException {
        if (name.startsWith("user.") || !CANNOT.contains(e.errno())) {
            throw e;
        }
        NotKept kind = switch (name) {
            case AccessList.ACCESS, AccessList.DEFAULT -> NotKept.ACLS;
            case CAPABILITY -> NotKept.CAPABILITIES;
            default -> name.startsWith("trusted.") ? NotKept.TRUSTED : NotKept.ATTRIBUTES;
        };
        notKept.merge(kind, 1L, Long::sum);
    }

    /**
     * Returns the refusal of an attribute that is too large for the file system, together with the file's other attributes. Linux reports that as
     * ENOSPC.
     */
    public static StagingStopped tooLarge(String path, String name, byte[] value) {
        return refused(
                path,
                name,
                "has %d bytes, more than the store's file system takes with the other attributes of the file"
                        .formatted(value.length));
    }

    public static StagingStopped refused(String path, String name, String why) {
        return StagingStopped.refused(
                RefusalReason.BAD_ATTRIBUTE,
                path,
                "its attribute '%s' %s"
                        .formatted(ShownPath.of(new String(name.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8)), why));
    }
}
