package dev.spillway.api;

import java.util.regex.Pattern;

/** Reads numbers in ASCII digits. Java's own methods also accept a plus sign, digits of other scripts, {@code 0x1p3} and {@code 5f}. */
public final class Numbers {
    private static final Pattern WHOLE = Pattern.compile("-?[0-9]{1,19}");
    private static final Pattern DECIMAL = Pattern.compile("-?[0-9]{1,19}(\\.[0-9]{1,19})?");

    private Numbers() {}

    /**
     * Reads a whole number.
     *
     * @throws NumberFormatException if the text is not a 64-bit whole number
     */
    public static long whole(String text) {
        return Long.parseLong(matching(WHOLE, text));
    }

    /**
     * Reads a number that may have a fraction.
     *
     * @throws NumberFormatException if the text is not a number
     */
    public static double decimal(String text) {
        return Double.parseDouble(matching(DECIMAL, text));
    }

    private static String matching(Pattern form, String text) {
        if (!form.matcher(text).matches()) {
            throw new NumberFormatException(text);
        }
        return text;
    }
}
