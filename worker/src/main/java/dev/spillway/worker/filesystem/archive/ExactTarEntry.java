package dev.spillway.worker.filesystem.archive;

import dev.spillway.worker.filesystem.posix.FileStatus;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.jspecify.annotations.Nullable;

/**
 * An entry to write, with names and attributes byte for byte and with times to the nanosecond. This class makes the PAX records for them itself,
 * because the library writes text in UTF-8 and cuts times to 100 ns.
 */
final class ExactTarEntry extends TarArchiveEntry {
    private static final TarName NO_LINK = TarName.of(new byte[0]);
    private static final String RECORDS_NAME = "./PaxHeaders.X/entry";

    private final TarName path;
    private final PaxRecords records = new PaxRecords();
    private TarName link = NO_LINK;

    ExactTarEntry(byte[] path, byte type, FileStatus status) {
        this(TarName.of(path), type, status);
    }

    private ExactTarEntry(TarName path, byte type, FileStatus status) {
        super(path.inHeader(), type);
        this.path = path;
        setMode(status.permissions());
        setUserId(Integer.toUnsignedLong(status.owner()));
        setGroupId(Integer.toUnsignedLong(status.group()));
        setUserName("");
        setGroupName("");
        long seconds = status.times().modificationSeconds();
        int nanos = status.times().modificationNanos();
        setLastModifiedTime(FileTime.from(Instant.ofEpochSecond(seconds, nanos)));
        if (nanos != 0 || seconds < 0 || seconds > TarConstants.MAXSIZE) {
            records.put("mtime", BigDecimal.valueOf(seconds).add(BigDecimal.valueOf(nanos, 9)).stripTrailingZeros().toPlainString());
        }
        recordLarge("uid", getLongUserId(), TarConstants.MAXID);
        recordLarge("gid", getLongGroupId(), TarConstants.MAXID);
    }

    private void recordLarge(String key, long value, long maxInHeader) {
        if (value > maxInHeader) {
            records.put(key, Long.toString(value));
        }
    }

    void linksTo(byte[] target) {
        link = TarName.of(target);
        setLinkName(link.inHeader());
    }

    void hasContent(long bytes) {
        setSize(bytes);
        recordLarge("size", bytes, TarConstants.MAXSIZE);
    }

    void hasAttributes(Iterable<String> names, ArchiveAttributes.Values values, boolean root) throws PosixException {
        ArchiveAttributes.write(records, names, values, root);
    }

    /** Begins this entry in an archive of ISO 8859-1, with numbers in star's format: large ones are repeated in the header. */
    void put(TarArchiveOutputStream tar) throws IOException {
        putBefore(tar, TarConstants.LF_GNUTYPE_LONGLINK, TarConstants.GNU_LONGLINK, link.inEntry());
        putBefore(tar, TarConstants.LF_GNUTYPE_LONGNAME, TarConstants.GNU_LONGLINK, path.inEntry());
        record("path", path);
        record("linkpath", link);
        if (!records.isEmpty()) {
            putBefore(tar, TarConstants.LF_PAX_EXTENDED_HEADER_LC, RECORDS_NAME, records.toBytes());
        }
        tar.putArchiveEntry(this);
    }

    private void record(String key, TarName name) {
        String whole = name.inRecord();
        if (whole != null) {
            records.put(key, whole);
        }
    }

    private static void putBefore(TarArchiveOutputStream tar, byte type, String name, byte @Nullable [] content) throws IOException {
        if (content == null) {
            return;
        }
        TarArchiveEntry entry = new TarArchiveEntry(name, type);
        entry.setUserName("");
        entry.setGroupName("");
        entry.setLastModifiedTime(FileTime.fromMillis(0));
        entry.setSize(content.length);
        tar.putArchiveEntry(entry);
        tar.write(content);
        tar.closeArchiveEntry();
    }
}
