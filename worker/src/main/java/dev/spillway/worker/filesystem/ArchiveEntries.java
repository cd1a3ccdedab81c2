package dev.spillway.worker.filesystem;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.zip.ZipEncoding;
import org.apache.commons.compress.archivers.zip.ZipEncodingHelper;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a tar stream with their names byte for byte: the library decodes them as UTF-8 and replaces what is not, so the bytes are
 * remembered as they go by. Used by one thread.
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
    private byte type;
    private byte @Nullable [] header;
    private byte @Nullable [] longName;
    private byte @Nullable [] longLink;

    ArchiveEntries(InputStream stream) {
        super(stream, StandardCharsets.UTF_8.name());
    }

    @Nullable
    TarArchiveEntry next() throws IOException {
        header = null;
        longName = null;
        longLink = null;
        return getNextEntry();
    }

    /** The bytes of an entry's path, or null when they cannot be known: they are not UTF-8 in a form that must be. */
    byte @Nullable [] path(TarArchiveEntry entry) throws IOException {
        return bytes(entry.getName(), longName, header == null ? null : headerPath(header));
    }

    /** As {@link #path}, of the target of a link. */
    byte @Nullable [] link(TarArchiveEntry entry) throws IOException {
        return bytes(entry.getLinkName(), longLink, header == null ? null : field(header, LINK_AT, NAME_BYTES));
    }

    private byte @Nullable [] bytes(String text, byte @Nullable [] inEntry, byte @Nullable [] inHeader) throws IOException {
        byte[] said = inEntry == null ? inHeader : inEntry;
        if (said != null && isReadAs(said, text)) {
            return said;
        }
        return text.indexOf('\uFFFD') < 0 ? text.getBytes(StandardCharsets.UTF_8) : null;
    }

    /** Whether the library makes this text of these bytes, in a header or in a PAX record; a directory may have got a slash at its end. */
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
        byte[] block = super.readRecord();
        if (block != null && block.length > PREFIX_AT + PREFIX_BYTES) {
            type = block[TYPE_AT];
            if (header == null && !describesTheNext(type)) {
                header = block.clone();
            }
        }
        return block;
    }

    private static boolean describesTheNext(byte type) {
        return switch (type) {
            case TarConstants.LF_GNUTYPE_LONGNAME, TarConstants.LF_GNUTYPE_LONGLINK, TarConstants.LF_PAX_EXTENDED_HEADER_LC,
                    TarConstants.LF_PAX_EXTENDED_HEADER_UC, TarConstants.LF_PAX_GLOBAL_EXTENDED_HEADER ->
                    true;
            default -> false;
        };
    }

    @Override
    protected byte[] getLongNameData() throws IOException {
        byte of = type;
        byte[] data = super.getLongNameData();
        if (of == TarConstants.LF_GNUTYPE_LONGNAME) {
            longName = data;
        } else {
            longLink = data;
        }
        return data;
    }
}
