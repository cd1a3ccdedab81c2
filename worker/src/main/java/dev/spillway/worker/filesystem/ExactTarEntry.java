package dev.spillway.worker.filesystem;

import dev.spillway.worker.filesystem.posix.FileStatus;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.jspecify.annotations.Nullable;

/** An entry to write with its names byte for byte, and with its time to the nanosecond: the library itself cuts it to 100. */
final class ExactTarEntry extends TarArchiveEntry {
    private static final TarName NO_LINK = TarName.of(new byte[0]);

    private final TarName path;
    private final String modified;
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
        modified = nanos == 0 ? "" : BigDecimal.valueOf(seconds).add(BigDecimal.valueOf(nanos, 9)).toPlainString();
    }

    void linksTo(byte[] target) {
        link = TarName.of(target);
        setLinkName(link.inHeader());
    }

    /** Begins this entry in an archive of ISO 8859-1. */
    void put(TarArchiveOutputStream tar) throws IOException {
        putLong(tar, link.inEntry(), TarConstants.LF_GNUTYPE_LONGLINK);
        putLong(tar, path.inEntry(), TarConstants.LF_GNUTYPE_LONGNAME);
        tar.putArchiveEntry(this);
    }

    private static void putLong(TarArchiveOutputStream tar, byte @Nullable [] name, byte type) throws IOException {
        if (name == null) {
            return;
        }
        TarArchiveEntry entry = new TarArchiveEntry(TarConstants.GNU_LONGLINK, type);
        entry.setUserName("");
        entry.setGroupName("");
        entry.setLastModifiedTime(FileTime.fromMillis(0));
        entry.setSize(name.length);
        tar.putArchiveEntry(entry);
        tar.write(name);
        tar.closeArchiveEntry();
    }

    @Override
    public Map<String, String> getExtraPaxHeaders() {
        Map<String, String> headers = new HashMap<>(super.getExtraPaxHeaders());
        if (!modified.isEmpty()) {
            headers.put("mtime", modified);
        }
        String wholePath = path.inRecord();
        if (wholePath != null) {
            headers.put("path", wholePath);
        }
        String wholeLink = link.inRecord();
        if (wholeLink != null) {
            headers.put("linkpath", wholeLink);
        }
        return headers;
    }
}
