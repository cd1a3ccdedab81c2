package dev.spillway.api;

import dev.spillway.events.InvalidValueException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * Percent-encodes and decodes one part of a path or query: a segment, a name or a value. Decoding is strict and done once. Malformed text is refused
 * and never replaced, because two keys that decode to one text would share an entry.
 */
public final class PathEncoding {
    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    private PathEncoding() {}

    /**
     * Encodes all but the unreserved characters of RFC 3986, so that a slash does not end a segment. Dots between slashes or other dots are encoded,
     * too, because clients and proxies resolve segments of dots as "here" or "up".
     *
     * @throws InvalidValueException if the text cannot be written in UTF-8, because it has half a surrogate pair
     */
    public static String encode(String text) {
        byte[] bytes = utf8(text);
        var encoded = new StringBuilder(bytes.length);
        for (int index = 0; index < bytes.length; index++) {
            boolean plain = bytes[index] == '.' ? isWord(bytes, index - 1) || isWord(bytes, index + 1) : isWord(bytes, index);
            if (plain) {
                encoded.append((char) bytes[index]);
            } else {
                encoded.append('%').append(HEX.toHexDigits(bytes[index]));
            }
        }
        return encoded.toString();
    }

    /** Returns whether the byte at the index is an unreserved character other than a dot. */
    private static boolean isWord(byte[] bytes, int index) {
        if (index < 0 || index >= bytes.length || bytes[index] < 0) {
            return false;
        }
        return Character.isLetterOrDigit(bytes[index]) || "-_~".indexOf(bytes[index]) >= 0;
    }

    private static byte[] utf8(String text) {
        try {
            ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            byte[] exact = new byte[bytes.remaining()];
            bytes.get(exact);
            return exact;
        } catch (CharacterCodingException e) {
            throw new InvalidValueException("text", text, "text that can be written as UTF-8");
        }
    }

    /**
     * Decodes a part of a path.
     *
     * @throws IllegalArgumentException with the reason, if the encoding is malformed or the bytes are not UTF-8
     */
    public static String decode(String raw) {
        return decode(raw, false);
    }

    /** Does the same as {@link #decode(String)} for the name or value of a query parameter, in which a plus is a space. */
    public static String decodeQuery(String raw) {
        return decode(raw, true);
    }

    private static String decode(String raw, boolean plusIsSpace) {
        if (isPlain(raw)) {
            return raw;
        }
        var bytes = new ByteArrayOutputStream(raw.length());
        for (int index = 0; index < raw.length(); index++) {
            char character = raw.charAt(index);
            if (character == '%') {
                int high = index + 2 < raw.length() ? hex(raw.charAt(index + 1)) : -1;
                int low = index + 2 < raw.length() ? hex(raw.charAt(index + 2)) : -1;
                if (high < 0 || low < 0) {
                    throw refused(raw, "a percent sign without two hex digits (expected: %25 for a percent sign)");
                }
                bytes.write(high << 4 | low);
                index += 2;
            } else if (character <= ' ' || character >= 0x7F) {
                throw refused(raw, "a character that is not encoded (expected: its UTF-8 bytes percent-encoded)");
            } else {
                bytes.write(plusIsSpace && character == '+' ? ' ' : character);
            }
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.toByteArray())).toString();
        } catch (CharacterCodingException e) {
            throw refused(raw, "not UTF-8 once decoded (expected: UTF-8, percent-encoded)");
        }
    }

    /** Returns whether decoding changes nothing. */
    private static boolean isPlain(String raw) {
        for (int index = 0; index < raw.length(); index++) {
            char character = raw.charAt(index);
            if (character <= ' ' || character >= 0x7F || character == '%' || character == '+') {
                return false;
            }
        }
        return true;
    }

    private static int hex(char digit) {
        return digit < 0x7F ? Character.digit(digit, 16) : -1;
    }

    private static IllegalArgumentException refused(String raw, String why) {
        return new IllegalArgumentException(Problem.shown(raw) + ": " + why);
    }
}
