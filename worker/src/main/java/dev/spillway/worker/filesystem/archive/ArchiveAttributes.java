package dev.spillway.worker.filesystem.archive;

import dev.spillway.worker.filesystem.StagingStopped;
import dev.spillway.worker.filesystem.posix.PosixException;
import dev.spillway.worker.filesystem.tree.Attributes;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * Extended attributes in PAX records, in the two formats that tar programs use. star, GNU tar and others write the bytes of a value as they are. In
 * names they write {@code %3D} and {@code %25} for {@code =} and {@code %}. libarchive percent-encodes names and writes values in base 64; it also
 * writes each attribute in the first format, with the same encoded name. Each character of a name stands for one byte (ISO 8859-1).
 */
public final class ArchiveAttributes {
    private static final String LIBARCHIVE = "LIBARCHIVE.xattr.";
    private static final String STAR = "SCHILY.xattr.";
    private static final String SELINUX = "RHT.security.selinux";

    private ArchiveAttributes() {}

    @FunctionalInterface
    interface Values {
        byte[] of(String name) throws PosixException;
    }

    static void write(PaxRecords records, Iterable<String> names, Values values, boolean root) throws PosixException {
        for (String name : names) {
            if (Attributes.isKept(name, root)) {
                byte[] value = values.of(name);
                records.put(STAR + name.replace("%", "%25").replace("=", "%3D"), value);
                records.put(LIBARCHIVE + encode(name), Base64.getEncoder().withoutPadding().encode(value));
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

    /** @throws StagingStopped naming the attribute whose name or value is ambiguous */
    static Map<String, byte[]> read(PaxRecords records, String path) throws StagingStopped {
        Map<String, byte[]> attributes = new HashMap<>();
        for (Map.Entry<String, byte[]> record : records.beginningWith(LIBARCHIVE).entrySet()) {
            String name = decoded(record.getKey().substring(LIBARCHIVE.length()), path);
            add(attributes, name, unpacked(name, record.getValue(), path), path);
        }
        for (Map.Entry<String, byte[]> record : records.beginningWith(STAR).entrySet()) {
            String name = record.getKey().substring(STAR.length());
            boolean second = records.values().containsKey(LIBARCHIVE + name);
            add(attributes, second ? decoded(name, path) : unescaped(name, path), record.getValue(), path);
        }
        byte[] label = records.values().get(SELINUX);
        if (label != null) {
            add(attributes, SELINUX.substring(SELINUX.indexOf('.') + 1), label, path);
        }
        return attributes;
    }

    private static void add(Map<String, byte[]> attributes, String name, byte[] value, String path) throws StagingStopped {
        if (name.indexOf('\0') >= 0) {
            throw Attributes.refused(path, name, "has a name with a NUL in it");
        }
        byte[] other = attributes.putIfAbsent(name, value);
        if (other != null && !Arrays.equals(other, value)) {
            throw Attributes.refused(path, name, "has two values (expected: the same one each time it is there)");
        }
    }

    private static byte[] unpacked(String name, byte[] value, String path) throws StagingStopped {
        try {
            return Base64.getDecoder().decode(value);
        } catch (IllegalArgumentException e) {
            throw Attributes.refused(path, name, "has a value that is not base 64");
        }
    }

    private static String decoded(String name, String path) throws StagingStopped {
        StringBuilder decoded = new StringBuilder();
        int at = 0;
        while (at < name.length()) {
            char c = name.charAt(at);
            if (c != '%') {
                decoded.append(c);
                at++;
            } else if (isEscape(name, at)) {
                decoded.append((char) HexFormat.fromHexDigits(name, at + 1, at + 3));
                at += 3;
            } else {
                throw Attributes.refused(path, name, "has a name that is not percent-encoded as libarchive does");
            }
        }
        return decoded.toString();
    }

    private static boolean isEscape(String name, int at) {
        return at + 2 < name.length() && HexFormat.isHexDigit(name.charAt(at + 1)) && HexFormat.isHexDigit(name.charAt(at + 2));
    }

    /** Reverses the escapes of GNU tar. Other programs escape more or nothing, so any other escape is ambiguous. */
    private static String unescaped(String name, String path) throws StagingStopped {
        StringBuilder unescaped = new StringBuilder();
        for (int at = 0; at < name.length(); at++) {
            if (name.startsWith("%3D", at) || name.startsWith("%25", at)) {
                unescaped.append(name.charAt(at + 1) == '3' ? '=' : '%');
                at += 2;
            } else if (name.charAt(at) == '%' && isEscape(name, at)) {
                throw Attributes.refused(
                        path,
                        name,
                        "may be percent-encoded or not (expected: %3D and %25 alone, or a LIBARCHIVE.xattr record too)");
            } else {
                unescaped.append(name.charAt(at));
            }
        }
        return unescaped.toString();
    }
}
