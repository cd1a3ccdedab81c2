package dev.spillway.service.http;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Decodes percent-encoded text exactly once and strictly: what is not well-formed is refused, never replaced, because two keys that are
 * decoded to one text would share an entry.
 */
final class PercentDecoding {
    private PercentDecoding() {}

    /**
     * Decodes a part of a path.
     *
     * @throws IllegalArgumentException with the reason, when the encoding is broken or the bytes are not UTF-8
     */
    static String path(String raw) {
        return decode(raw, false);
    }

    /** As {@link #path}, for the name or value of a query parameter, where a plus is a space. */
    static String query(String raw) {
        return decode(raw, true);
    }

    private static String decode(String raw, boolean plusIsSpace) {
        var bytes = new ByteArrayOutputStream(raw.length());
        for (int index = 0; index < raw.length(); index++) {
            char character = raw.charAt(index);
            if (character == '%') {
                int high = index + 2 < raw.length() ? hex(raw.charAt(index + 1)) : -1;
                int low = index + 2 < raw.length() ? hex(raw.charAt(index + 2)) : -1;
                if (high < 0 || low < 0) {
                    throw new IllegalArgumentException(
                            "%s: a percent sign without two hex digits (expected: %%25 for a percent sign)".formatted(Problems.shown(raw)));
                }
                bytes.write(high << 4 | low);
                index += 2;
            } else if (character <= ' ' || character >= 0x7F) {
                throw new IllegalArgumentException(
                        "%s: a character that is not encoded (expected: its UTF-8 bytes percent-encoded)".formatted(Problems.shown(raw)));
            } else {
                bytes.write(plusIsSpace && character == '+' ? ' ' : character);
            }
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.toByteArray())).toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(
                    "%s: not UTF-8 once decoded (expected: UTF-8, percent-encoded)".formatted(Problems.shown(raw)), e);
        }
    }

    private static int hex(char digit) {
        return digit < 0x7F ? Character.digit(digit, 16) : -1;
    }
}
