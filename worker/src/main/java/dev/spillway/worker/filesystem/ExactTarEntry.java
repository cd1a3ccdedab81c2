package dev.spillway.worker.filesystem;

import dev.spillway.worker.filesystem.posix.FileStatus;
import java.math.BigDecimal;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;

/** An entry to write with its time to the nanosecond: the library itself cuts it to 100. */
final class ExactTarEntry extends TarArchiveEntry {
    private final String modified;

    ExactTarEntry(String path, byte type, FileStatus status) {
        super(path, type);
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

    @Override
    public Map<String, String> getExtraPaxHeaders() {
        Map<String, String> headers = new HashMap<>(super.getExtraPaxHeaders());
        if (!modified.isEmpty()) {
            headers.put("mtime", modified);
        }
        return headers;
    }
}
