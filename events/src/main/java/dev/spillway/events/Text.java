package dev.spillway.events;

import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Bounds on free text. PostgreSQL stores no U+0000, and a lone surrogate has no UTF-8 form, so both are refused wherever text comes in. */
final class Text {
    private Text() {}

    static String bounded(String name, String value, int bytesMin, int bytesMax) {
        int bytes;
        try {
            bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(value)).remaining();
        } catch (CharacterCodingException e) {
            throw new InvalidValueException(name, value, "text that can be written as UTF-8");
        }
        if (bytes < bytesMin || bytes > bytesMax) {
            throw new InvalidValueException(name, value, bytesMin + " to " + bytesMax + " bytes of UTF-8, not " + bytes);
        }
        if (value.indexOf('\0') >= 0) {
            throw new InvalidValueException(name, value, "text without U+0000");
        }
        return value;
    }

    /**
     * Makes one line that every store takes of what some program printed: cut to its bound, with a question mark for each character that has no
     * place in a line.
     */
    static String line(String value, int charactersMax) {
        StringBuilder line = new StringBuilder();
        value.codePoints()
                .limit(charactersMax)
                .forEach(point -> line
                        .appendCodePoint(Character.isISOControl(point) || Character.getType(point) == Character.SURROGATE ? '?' : point));
        return line.toString();
    }
}
