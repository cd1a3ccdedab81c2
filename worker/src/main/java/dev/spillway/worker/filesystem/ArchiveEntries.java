package dev.spillway.worker.filesystem;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.zip.ZipEncoding;
import org.apache.commons.compress.archivers.zip.ZipEncodingHelper;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a tar stream with their names and PAX records byte for byte. The library decodes them as UTF-8 and replaces what is not UTF-8, so
 * the bytes are remembered as they pass. Used by one thread.
 */
final class ArchiveEntries extends TarArchiveInputStream {
    private static final int TYPE_AT = 156;
    /** NUL where the header is POSIX's, a space where it is GNU tar's. */
    private static final int AFTER_MAGIC_AT = 262;
    private static final int PREFIX_AT = 345;
    private static final int PREFIX_BYTES = 155;
    private static final int NAME_BYTES = TarConstants.NAMELEN;
    private static final int LINK_AT = 157;

    private final ZipEncoding decoding = ZipEncodingHelper.getZipEncoding(StandardCharsets.UTF_8.name());
    private final ArchiveSource source;
    private final PaxRecords everywhere = new PaxRecords();
    private PaxRecords records = new PaxRecords();
    private @Nullable ByteArrayOutputStream record;
    private byte type;
    private byte @Nullable [] header;
    private byte @Nullable [] longName;
    private byte @Nullable [] longLink;

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
        return getNextEntry();
    }

    /** Returns the PAX records of the last entry, with the global ones. */
    PaxRecords records() {
        return records;
    }

    /** Returns the bytes of an entry's path. */
    byte[] path(TarArchiveEntry entry) throws IOException {
        return bytes(entry.getName(), records.values().get("path"), longName, header == null ? null : headerPath(header));
    }

    /** Does the same as {@link #path} for the target of a link. */
    byte[] link(TarArchiveEntry entry) throws IOException {
        return bytes(entry.getLinkName(), records.values().get("linkpath"), longLink,
                header == null ? null : field(header, LINK_AT, NAME_BYTES));
    }

    /** Returns the bytes that the library decoded to the text, or the text's own bytes where nothing else can have been meant. */
    private byte[] bytes(String text, byte @Nullable [] inRecord, byte @Nullable [] inEntry, byte @Nullable [] inHeader)
            throws IOException {
        if (inRecord != null && isReadAs(inRecord, text)) {
            return inRecord;
        }
        if (inEntry != null && isReadAs(inEntry, text)) {
            return inEntry;
        }
        if (inHeader != null && isReadAs(inHeader, text)) {
            return inHeader;
        }
        if (text.indexOf('\uFFFD') >= 0) {
            throw new IOException("a name is not UTF-8 in a place that must be");
        }
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Returns whether the library decodes these bytes to this text. In a directory's name it may have added a slash. */
    private boolean isReadAs(byte[] bytes, String text) throws IOException {
        return isReadAs(decoding.decode(bytes), text) || isReadAs(new String(bytes, StandardCharsets.UTF_8), text);
    }

    private static boolean isReadAs(String decoded, String text) {
        return decoded.equals(text) || text.equals(decoded + "/");
    }

    private static byte[] headerPath(byte[] header) {
        byte[] name = field(header, 0, NAME_BYTES);
        byte[] prefix = field(header, PREFIX_AT, PREFIX_BYTES);
        if (prefix.length == 0 || header[AFTER_MAGIC_AT] != 0) {
            // GNU tar keeps other things there
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
        byte[] block = super.readRecord();
        if (block != null && isEOFRecord(block)) {
            source.end();
        } else if (block != null && header == null && block.length > PREFIX_AT + PREFIX_BYTES) {
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
