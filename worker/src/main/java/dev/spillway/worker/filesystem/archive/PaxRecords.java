package dev.spillway.worker.filesystem.archive;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The records of a PAX header, with keys and values byte for byte; the library decodes them as UTF-8. Each character of a key stands for one byte
 * (ISO 8859-1).
 */
final class PaxRecords {
    private final SortedMap<String, byte[]> values = new TreeMap<>();

    void put(String key, byte[] value) {
        values.put(key, value);
    }

    void put(String key, String value) {
        put(key, value.getBytes(StandardCharsets.UTF_8));
    }

    void putAll(PaxRecords other) {
        values.putAll(other.values);
    }

    SortedMap<String, byte[]> values() {
        return values;
    }

    SortedMap<String, byte[]> beginningWith(String prefix) {
        return values.subMap(prefix, prefix + Character.MAX_VALUE);
    }

    boolean isEmpty() {
        return values.isEmpty();
    }

    /** Adds the records of a header, each {@code length key=value\n}; the length is that of the whole record. */
    void addAll(byte[] header) throws IOException {
        int at = 0;
        while (at < header.length) {
            int space = indexOf(header, ' ', at, header.length);
            int length = length(new String(header, at, space - at, StandardCharsets.ISO_8859_1));
            if (length > header.length - at || header[at + length - 1] != '\n') {
                throw new IOException("a PAX record is longer than its header, or does not end with its line");
            }
            int end = at + length;
            int equals = indexOf(header, '=', space, end);
            put(
                    new String(header, space + 1, equals - space - 1, StandardCharsets.ISO_8859_1),
                    Arrays.copyOfRange(header, equals + 1, end - 1));
            at = end;
        }
    }

    private static int length(String number) throws IOException {
        try {
            return Math.max(1, Integer.parseInt(number));
        } catch (NumberFormatException e) {
            throw new IOException("the length of a PAX record is no number", e);
        }
    }

    private static int indexOf(byte[] header, char sought, int from, int to) throws IOException {
        for (int i = from; i < to; i++) {
            if (header[i] == sought) {
                return i;
            }
        }
        throw new IOException("a PAX record has no '%c' (expected: 'length key=value')".formatted(sought));
    }

    /** Returns a header of these records, in the order of their keys. */
    byte[] toBytes() {
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        values.forEach((key, value) -> {
            int rest = key.length() + value.length + 3;
            int length = rest + 1;
            while (length != rest + Integer.toString(length).length()) {
                length = rest + Integer.toString(length).length();
            }
            header.writeBytes((length + " " + key + "=").getBytes(StandardCharsets.ISO_8859_1));
            header.writeBytes(value);
            header.write('\n');
        });
        return header.toByteArray();
    }
}
