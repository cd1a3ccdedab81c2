package dev.spillway.worker.filesystem;

import dev.spillway.worker.filesystem.posix.PosixException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;

/**
 * Extended attributes in PAX headers: written as libarchive does (names percent-encoded, values in base 64, so that any bytes survive),
 * read in that form and in that of star and GNU tar.
 */
final class ArchiveAttributes {
    private static final String LIBARCHIVE = "LIBARCHIVE.xattr.";
    private static final String STAR = "SCHILY.xattr.";

    /** Padding alone, because a PAX header without a value takes the header away. */
    private static final String EMPTY = "=";

    private ArchiveAttributes() {}

    @FunctionalInterface
    interface Values {
        byte[] of(String name) throws PosixException;
    }

    static void write(TarArchiveEntry entry, Iterable<String> names, Values values, boolean root) throws PosixException {
        for (String name : names) {
            if (Attributes.isKept(name, root)) {
                byte[] value = values.of(name);
                entry.addPaxHeader(LIBARCHIVE + encode(name),
                        value.length == 0 ? EMPTY : Base64.getEncoder().withoutPadding().encodeToString(value));
            }
        }
    }

    private static String encode(String name) {
        StringBuilder encoded = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c < '!' || c > '~' || c == '%' || c == '=') {
                encoded.append('%').append("%02X".formatted((int) c));
            } else {
                encoded.append(c);
            }
        }
        return encoded.toString();
    }

    /**
     * @throws IllegalArgumentException when a value is not what its header's form says
     */
    static Map<String, byte[]> read(TarArchiveEntry entry) {
        Map<String, byte[]> attributes = new HashMap<>();
        for (Map.Entry<String, String> header : entry.getExtraPaxHeaders().entrySet()) {
            String key = header.getKey();
            if (key.startsWith(LIBARCHIVE)) {
                String name = URLDecoder.decode(key.substring(LIBARCHIVE.length()).replace("+", "%2B"), StandardCharsets.ISO_8859_1);
                attributes.put(name, header.getValue().equals(EMPTY) ? new byte[0] : Base64.getDecoder().decode(header.getValue()));
            } else if (key.startsWith(STAR)) {
                attributes.putIfAbsent(key.substring(STAR.length()), header.getValue().getBytes(StandardCharsets.UTF_8));
            }
        }
        return attributes;
    }
}
