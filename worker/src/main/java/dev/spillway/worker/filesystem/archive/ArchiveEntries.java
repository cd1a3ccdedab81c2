package dev.spillway.worker.filesystem.archive;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.tar.TarUtils;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a tar stream with their names and PAX records byte for byte. The library decodes them as UTF-8 and replaces what is not UTF-8, so
 * the bytes are remembered as they pass. Used by one thread.
 *
 * <p>The library accepts any block as a header, and takes any name that ends in a slash for a directory without content. Here each header must match
 * its checksum, and must begin where the content of the entry before it ends. So the content of a file is never taken for a header.
 */
final class ArchiveEntries extends TarArchiveInputStream {
    private static final int TYPE_AT = 156;
    /** Offset of the byte after the magic: NUL in a header of POSIX, a space in one of GNU tar. */
    private static final int AFTER_MAGIC_AT = 262;
    private static final int PREFIX_AT = 345;
    private static final int PREFIX_BYTES = 155;
    private static final int NAME_BYTES = TarConstants.NAMELEN;
    private static final int LINK_AT = 157;
    /** The record with the real name of a sparse file. The path in its header is a substitute, for programs that do not know sparse files. */
    private static final String SPARSE_NAME = "GNU.sparse.name";

    private final ArchiveSource source;
    private final PaxRecords everywhere = new PaxRecords();
    private PaxRecords records = new PaxRecords();
    private @Nullable ByteArrayOutputStream record;
    private byte type;
    private byte @Nullable [] header;
    private byte @Nullable [] longName;
    private byte @Nullable [] longLink;
    private long contentStart;
    private long contentEnd;

    ArchiveEntries(ArchiveSource source) {
        super(source, StandardCharsets.UTF_8.name());
        this.source = source;
    }

    @Nullable
    TarArchiveEntry next() throws IOException {
        header = null;
        longName = null;
        longLink = null;
        records = new PaxRecords();
        records.putAll(everywhere);
        TarArchiveEntry entry = getNextEntry();
        if (entry != null) {
            boolean directory = entry.getLinkFlag() == TarConstants.LF_DIR;
            if (!directory) {
                entry.setName(withoutSlash(entry.getName()));
            }
            contentEnd = contentStart + (directory ? 0 : Math.ceilDiv(entry.getSize(), getRecordSize()) * getRecordSize());
        }
        return entry;
    }

    private static String withoutSlash(String name) {
        int end = name.length();
        while (end > 0 && name.charAt(end - 1) == '/') {
            end--;
        }
        return name.substring(0, end);
    }

    /** Returns the PAX records of the last entry, with the global ones. */
    PaxRecords records() {
        return records;
    }

    /** Returns the bytes of the last entry's path. As in GNU tar, a PAX record takes precedence over a long name. */
    byte[] path() {
        byte[] inRecord = record(SPARSE_NAME) == null ? record("path") : record(SPARSE_NAME);
        return first(inRecord, longName, headerPath(header()));
    }

    /** Does the same as {@link #path} for the target of a link. */
    byte[] link() {
        return first(record("linkpath"), longLink, field(header(), LINK_AT, NAME_BYTES));
    }

    private byte[] header() {
        return Objects.requireNonNull(header, "no entry was read");
    }

    /** Returns the value of a record; null if it is absent or empty. */
    private byte @Nullable [] record(String key) {
        byte[] value = records.values().get(key);
        return value == null || value.length == 0 ? null : value;
    }

    private static byte[] first(byte @Nullable [] inRecord, byte @Nullable [] inEntry, byte[] inHeader) {
        if (inRecord != null) {
            return inRecord;
        }
        return inEntry == null ? inHeader : inEntry;
    }

    private static byte[] headerPath(byte[] header) {
        byte[] name = field(header, 0, NAME_BYTES);
        byte[] prefix = field(header, PREFIX_AT, PREFIX_BYTES);
        if (prefix.length == 0 || header[AFTER_MAGIC_AT] != 0) {
            // In GNU tar's format, these bytes hold other fields.
            return name;
        }
        byte[] path = Arrays.copyOf(prefix, prefix.length + 1 + name.length);
        path[prefix.length] = '/';
        System.arraycopy(name, 0, path, prefix.length + 1, name.length);
        return path;
    }

    private static byte[] field(byte[] header, int from, int length) {
        int end = from;
        while (end < from + length && header[end] != 0) {
            end++;
        }
        return Arrays.copyOfRange(header, from, end);
    }

    @Override
    protected byte[] readRecord() throws IOException {
        endRecords();
        long at = source.position();
        if (contentEnd > 0 && at != contentEnd) {
            throw new IOException("the content that ends at offset %d of the tar stream is said to end at %d".formatted(at, contentEnd));
        }
        contentEnd = 0;
        byte[] block = super.readRecord();
        contentStart = source.position();
        if (block != null && isEOFRecord(block)) {
            source.end();
        } else if (block != null && header == null) {
            if (!matchesItsChecksum(block)) {
                throw new IOException("the header at offset %d of the tar stream does not match its checksum".formatted(at));
            }
            type = block[TYPE_AT];
            if (isPax(type)) {
                record = new ByteArrayOutputStream();
            } else if (!describesTheNext(type)) {
                header = block.clone();
            }
        }
        return block;
    }

    @Override
    public int read(byte[] target, int start, int count) throws IOException {
        int read = super.read(target, start, count);
        if (record != null && read > 0) {
            record.write(target, start, read);
        }
        return read;
    }

    private void endRecords() throws IOException {
        if (record != null) {
            byte[] read = record.toByteArray();
            record = null;
            records.addAll(read);
            if (type == TarConstants.LF_PAX_GLOBAL_EXTENDED_HEADER) {
                everywhere.addAll(read);
            }
        }
    }

    private static boolean matchesItsChecksum(byte[] block) {
        try {
            return TarUtils.verifyCheckSum(block);
        } catch (IllegalArgumentException e) {
            // The field holds no number.
            return false;
        }
    }

    private static boolean isPax(byte type) {
        return type == TarConstants.LF_PAX_EXTENDED_HEADER_LC || type == TarConstants.LF_PAX_EXTENDED_HEADER_UC
                || type == TarConstants.LF_PAX_GLOBAL_EXTENDED_HEADER;
    }

    private static boolean describesTheNext(byte type) {
        return type == TarConstants.LF_GNUTYPE_LONGNAME || type == TarConstants.LF_GNUTYPE_LONGLINK;
    }

    @Override
    protected byte[] getLongNameData() throws IOException {
        byte of = type;
        // The library reads no content of an entry whose name ends in a slash.
        getCurrentEntry().setName("");
        byte[] data = super.getLongNameData();
        if (data == null) {
            throw new IOException("it ends with a long name with no entry behind it");
        }
        if (of == TarConstants.LF_GNUTYPE_LONGNAME) {
            longName = data;
        } else {
            longLink = data;
        }
        return data;
    }
}
