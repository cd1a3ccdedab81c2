package dev.spillway.events;

/** Bounds on free text. PostgreSQL stores no U+0000, and a lone surrogate has no UTF-8 form, so both are refused wherever text comes in. */
final class TextBounds {
    private TextBounds() {}

    static String bounded(String name, String value, int bytesMin, int bytesMax) {
        int bytes = 0;
        int point;
        for (int at = 0; at < value.length(); at += Character.charCount(point)) {
            point = value.codePointAt(at);
            if (point == 0) {
                throw new InvalidValueException(name, value, "text without U+0000");
            }
            if (Character.MIN_SURROGATE <= point && point <= Character.MAX_SURROGATE) {
                throw new InvalidValueException(name, value, "text that can be written as UTF-8");
            }
            bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < Character.MIN_SUPPLEMENTARY_CODE_POINT ? 3 : 4;
        }
        if (bytes < bytesMin || bytes > bytesMax) {
            throw new InvalidValueException(name, value, bytesMin + " to " + bytesMax + " bytes of UTF-8, not " + bytes);
        }
        return value;
    }

    /**
     * Compares by the unsigned bytes of UTF-8, which is the order of code points. {@link String#compareTo} compares UTF-16 units instead, and so
     * sorts the code points above U+FFFF, which are surrogate pairs, before U+E000 to U+FFFF.
     */
    static int compareUtf8(String one, String other) {
        int shared = Math.min(one.length(), other.length());
        for (int at = 0; at < shared; at++) {
            char unit = one.charAt(at);
            char otherUnit = other.charAt(at);
            if (unit != otherUnit) {
                boolean surrogate = Character.isSurrogate(unit);
                return surrogate == Character.isSurrogate(otherUnit) ? unit - otherUnit : surrogate ? 1 : -1;
            }
        }
        return one.length() - other.length();
    }

    /**
     * Makes one line of the output of some program, so that every store takes it. The line is cut to its bound, and has a question mark in place of
     * each character that is not allowed in a line.
     */
    static String line(String value, int charactersMax) {
        StringBuilder line = new StringBuilder();
        value.codePoints()
                .limit(charactersMax)
                .forEach(
                        point -> line
                                .appendCodePoint(
                                        Character.isISOControl(point) || Character.getType(point) == Character.SURROGATE ? '?' : point));
        return line.toString();
    }
}
