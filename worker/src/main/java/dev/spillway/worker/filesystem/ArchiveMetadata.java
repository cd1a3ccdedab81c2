package dev.spillway.worker.filesystem;

import dev.spillway.worker.filesystem.posix.EntryName;
import dev.spillway.worker.filesystem.posix.FileTimes;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.OpenFile;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.time.Instant;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;

/**
 * What an archive says of an entry beside its content, as far as it is believed.
 *
 * @param owned whether owner and group are to be set
 */
record ArchiveMetadata(int permissions, boolean owned, int owner, int group, FileTimes times, Map<String, byte[]> attributes) {
    private static final int PERMISSION_BITS = 07777;
    private static final int WITHOUT_SET_ID = 01777;

    /**
     * @param root whether this process may give files away
     */
    static ArchiveMetadata of(TarArchiveEntry entry, ArchiveTrust trust, boolean root) {
        boolean everything = trust == ArchiveTrust.EVERYTHING;
        boolean owned = everything && root;
        Instant modified = entry.getLastModifiedTime().toInstant();
        Map<String, byte[]> attributes = ArchiveAttributes.read(entry);
        attributes.keySet().removeIf(name -> everything ? !Attributes.isKept(name, root) : !name.startsWith("user."));
        return new ArchiveMetadata(entry.getMode() & (owned ? PERMISSION_BITS : WITHOUT_SET_ID), owned, (int) entry.getLongUserId(),
                (int) entry.getLongGroupId(),
                FileTimes.of(modified.getEpochSecond(), modified.getNano()), attributes);
    }

    /** The order is that of {@link Attributes}. */
    void apply(OpenFile file, Attributes kept) throws PosixException {
        if (owned) {
            file.setOwner(owner, group);
        }
        for (Map.Entry<String, byte[]> attribute : attributes.entrySet()) {
            kept.set(file, attribute.getKey(), attribute.getValue());
        }
        file.setPermissions(permissions);
        file.setTimes(times);
    }

    void applyToLink(OpenDirectory directory, EntryName name) throws PosixException {
        if (owned) {
            directory.setOwner(name, owner, group);
        }
        directory.setTimes(name, times);
    }
}
