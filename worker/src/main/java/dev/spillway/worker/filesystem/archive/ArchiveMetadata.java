package dev.spillway.worker.filesystem.archive;

import dev.spillway.worker.core.model.NotKept;
import dev.spillway.worker.filesystem.FreeSpace;
import dev.spillway.worker.filesystem.RefusalReason;
import dev.spillway.worker.filesystem.ShownPath;
import dev.spillway.worker.filesystem.StagingStopped;
import dev.spillway.worker.filesystem.posix.Errno;
import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.FileStatus;
import dev.spillway.worker.filesystem.posix.FileTimes;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.OpenFile;
import dev.spillway.worker.filesystem.posix.PosixException;
import dev.spillway.worker.filesystem.tree.AccessList;
import dev.spillway.worker.filesystem.tree.Attributes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;

/**
 * The metadata of an archive's entry: the part that is trusted, and the part that is not kept.
 *
 * @param owned whether owner and group are to be set
 * @param lost losses by kind, in words
 */
record ArchiveMetadata(
        String path,
        int permissions,
        boolean owned,
        int owner,
        int group,
        FileTimes times,
        Map<String, byte[]> attributes,
        Map<NotKept, String> lost) {
    private static final int PERMISSION_BITS = 07777;
    private static final int SET_ID_BITS = 06000;
    private static final long MAX_ID = 0xfffffffeL;
    private static final String FLAGS = "SCHILY.fflags";
    private static final String LISTS = "SCHILY.acl.";
    private static final String ACCESS_LIST = LISTS + "access";
    private static final String NO_LIST = "its access control list is not kept";
    private static final String OVERLAY = "trusted.overlay.";
    private static final String OPAQUE = OVERLAY + "opaque";
    /**
     * Attributes that decide what an overlay file system shows. Only {@link #OPAQUE} is safe from an untrusted sender; others refer to files
     * elsewhere.
     */
    private static final Set<String> OVERLAY_CONTENT =
            Set.of(OPAQUE, OVERLAY + "redirect", OVERLAY + "metacopy", OVERLAY + "whiteout", OVERLAY + "xwhiteouts");
    private static final Set<Errno> CANNOT_BE_SET =
            EnumSet.of(Errno.EOPNOTSUPP, Errno.EPERM, Errno.EINVAL, Errno.ERANGE, Errno.ENAMETOOLONG);

    /**
     * @param root whether this process may give files away
     * @param own owner and group of this process's files
     * @throws StagingStopped naming an attribute that is ambiguous, or that must not be left out
     */
    static ArchiveMetadata of(String path, TarArchiveEntry entry, PaxRecords records, ArchiveTrust trust, boolean root, FileStatus own)
            throws StagingStopped {
        Map<NotKept, String> lost = new EnumMap<>(NotKept.class);
        boolean owned = trust == ArchiveTrust.EVERYTHING && root && isId(entry.getLongUserId()) && isId(entry.getLongGroupId());
        if (!owned && (entry.getLongUserId() != Integer.toUnsignedLong(own.owner())
                || entry.getLongGroupId() != Integer.toUnsignedLong(own.group()))) {
            lost.put(NotKept.OWNERS, "its owner %d:%d is not kept".formatted(entry.getLongUserId(), entry.getLongGroupId()));
        }
        int permissions = entry.getMode() & PERMISSION_BITS;
        if (!owned && (permissions & SET_ID_BITS) != 0 && !entry.isSymbolicLink()) {
            permissions &= ~SET_ID_BITS;
            lost.put(NotKept.SETUID, "its setuid or setgid bit is not kept");
        }
        if (!owned && entry.getLongGroupId() != Integer.toUnsignedLong(own.group()) && !entry.isSymbolicLink()) {
            permissions = Attributes.withoutGroup(permissions);
        }
        Map<String, byte[]> attributes = new HashMap<>();
        for (Map.Entry<String, byte[]> attribute : ArchiveAttributes.read(records, path).entrySet()) {
            String name = attribute.getKey();
            if (isBelieved(name, trust, root)) {
                attributes.put(name, attribute.getValue());
            } else {
                lose(path, name, lost);
            }
        }
        permissions = withLists(permissions, records, attributes, lost);
        if (records.values().getOrDefault(FLAGS, new byte[0]).length > 0) {
            lost.put(NotKept.FLAGS, "its file flags are not kept");
        }
        Instant modified = entry.getLastModifiedTime().toInstant();
        return new ArchiveMetadata(
                path,
                permissions,
                owned,
                (int) entry.getLongUserId(),
                (int) entry.getLongGroupId(),
                FileTimes.of(modified.getEpochSecond(), modified.getNano()),
                attributes,
                lost);
    }

    /** Returns whether a number can be an owner or group. The largest one means "unchanged". */
    private static boolean isId(long id) {
        return id >= 0 && id <= MAX_ID;
    }

    private static boolean isBelieved(String name, ArchiveTrust trust, boolean root) {
        return trust == ArchiveTrust.EVERYTHING ? Attributes.isKept(name, root)
                : Attributes.isKept(name, false) || (root && name.equals(OPAQUE));
    }

    private static void lose(String path, String name, Map<NotKept, String> lost) throws StagingStopped {
        if (OVERLAY_CONTENT.contains(name)) {
            throw StagingStopped.refused(
                    RefusalReason.NOT_KEPT,
                    path,
                    "its attribute '%s' is not kept, and what an overlay shows depends on it (expected: %s alone, at a worker with CAP_SYS_ADMIN)"
                            .formatted(name, OPAQUE));
        }
        NotKept kind = kind(name);
        lost.put(kind, switch (kind) {
            case CAPABILITIES -> "its capabilities are not kept";
            case ACLS -> NO_LIST;
            default -> "its attribute '%s' is not kept".formatted(ShownPath.of(name));
        });
    }

    private static NotKept kind(String name) {
        return switch (name) {
            case Attributes.CAPABILITY -> NotKept.CAPABILITIES;
            case AccessList.ACCESS, AccessList.DEFAULT -> NotKept.ACLS;
            default -> name.startsWith("trusted.") ? NotKept.TRUSTED : NotKept.ATTRIBUTES;
        };
    }

    private static int withLists(int permissions, PaxRecords records, Map<String, byte[]> attributes, Map<NotKept, String> lost) {
        int kept = permissions;
        for (Map.Entry<String, byte[]> list : records.beginningWith(LISTS).entrySet()) {
            boolean access = list.getKey().equals(ACCESS_LIST);
            boolean known = attributes.containsKey(access ? AccessList.ACCESS : AccessList.DEFAULT);
            if (!known && (access ? AccessList.isExtended(text(list.getValue())) : list.getValue().length > 0)) {
                lost.put(NotKept.ACLS, NO_LIST);
                kept = access ? AccessList.permissionsWithout(text(list.getValue()), kept) : kept;
            }
        }
        return kept;
    }

    private static String text(byte[] list) {
        return new String(list, StandardCharsets.ISO_8859_1);
    }

    /**
     * Gives a file the trusted part of the metadata, in the order of {@link Attributes}.
     *
     * @return the status of the file afterwards
     */
    FileStatus apply(OpenFile file, ArchiveLosses losses, FreeSpace space) throws IOException, StagingStopped {
        if (owned) {
            file.setOwner(owner, group);
        }
        Map<NotKept, String> notKept = new EnumMap<>(NotKept.class);
        file.setPermissions(set(file::setAttribute, notKept, space));
        file.setTimes(times);
        FileStatus status = file.status();
        report(status, notKept, losses);
        return status;
    }

    void applyToLink(OpenDirectory directory, FileName name, ArchiveLosses losses, FreeSpace space) throws IOException, StagingStopped {
        if (owned) {
            directory.setOwner(name, owner, group);
        }
        Map<NotKept, String> notKept = new EnumMap<>(NotKept.class);
        set((attribute, value) -> directory.setAttribute(name, attribute, value), notKept, space);
        directory.setTimes(name, times);
        report(directory.status(name), notKept, losses);
    }

    /**
     * Sets the attributes.
     *
     * @return the permissions; if an access list could not be set, without the rights that it did not grant
     */
    private int set(Attributes.Setting setting, Map<NotKept, String> notKept, FreeSpace space) throws IOException, StagingStopped {
        int kept = permissions;
        for (Map.Entry<String, byte[]> attribute : attributes.entrySet()) {
            String name = attribute.getKey();
            try {
                setting.set(name, attribute.getValue());
            } catch (PosixException e) {
                if (e.errno() == Errno.ENOSPC && space.hasRoom()) {
                    throw Attributes.tooLarge(path, name, attribute.getValue());
                }
                if (!CANNOT_BE_SET.contains(e.errno())) {
                    throw e;
                }
                if (name.startsWith("user.")) {
                    throw Attributes.refused(path, name, "cannot be set: " + e.getMessage());
                }
                lose(path, name, notKept);
                if (name.equals(AccessList.ACCESS)) {
                    kept = AccessList.permissionsWithout(attribute.getValue(), kept);
                }
            }
        }
        return kept;
    }

    private void report(FileStatus status, Map<NotKept, String> notKept, ArchiveLosses losses) throws StagingStopped {
        if (!status.times().modifiedWith(times)) {
            notKept.put(
                    NotKept.TIMES,
                    "its time of modification, %s, is not kept: the file system cannot hold it"
                            .formatted(Instant.ofEpochSecond(times.modificationSeconds(), times.modificationNanos())));
        }
        notKept.putAll(lost);
        losses.of(path, notKept);
    }
}
