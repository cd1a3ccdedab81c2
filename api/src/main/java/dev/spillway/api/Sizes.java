package dev.spillway.api;

import java.util.Locale;
import java.util.regex.Pattern;

/** Sizes in bytes as people write and read them: {@code 4096}, {@code 512MiB}, {@code 10GiB}. */
public final class Sizes {

    /** Form that {@link #parse} accepts, for messages. */
    public static final String EXPECTED = "a size in bytes such as 4096, 512MiB or 10GiB";

    private static final Pattern FORM = Pattern.compile("([0-9]{1,18})(KiB|MiB|GiB|TiB)?");
    private static final String[] UNITS = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    private Sizes() {}

    /**
     * Reads a size of zero or more bytes.
     *
     * @throws IllegalArgumentException if the text is not a size
     */
    public static long parse(String text) {
        var matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(text + " (expected: " + EXPECTED + ")");
        }
        long factor = switch (matcher.group(2)) {
            case "KiB" -> 1L << 10;
            case "MiB" -> 1L << 20;
            case "GiB" -> 1L << 30;
            case "TiB" -> 1L << 40;
            case null, default -> 1L;
        };
        try {
            return Math.multiplyExact(Long.parseLong(matcher.group(1)), factor);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(text + " (expected: " + EXPECTED + ", under 8 EiB)", e);
        }
    }

    /** Returns a size in the form of {@link #parse}, in the largest unit that divides it, such as {@code 256MiB} or {@code 1000}. */
    public static String exact(long bytes) {
        int unit = bytes == 0 ? 0 : Math.min(4, Long.numberOfTrailingZeros(bytes) / 10);
        return (bytes >> 10 * unit) + (unit == 0 ? "" : UNITS[unit - 1]);
    }

    /** Returns a rounded size for people, such as {@code 0 B} or {@code 1.5 MiB}. */
    public static String print(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        double rounded = bytes;
        int unit = -1;
        while (rounded >= 1023.95) {
            rounded /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %s", rounded, UNITS[unit]);
    }
}
