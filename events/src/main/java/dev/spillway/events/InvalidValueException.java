package dev.spillway.events;

/** Thrown for a value that is never valid. It has the name of the value, the value as given, and the expectation. */
public final class InvalidValueException extends IllegalArgumentException {
    private static final long COUNT_MAX = 1L << 40;

    private static final int SHOWN_CHARACTERS = 120;

    private final String name;
    private final String expected;

    public InvalidValueException(String name, Object value, String expected) {
        super(name + ": " + shown(String.valueOf(value)) + " (expected: " + expected + ")");
        this.name = name;
        this.expected = expected;
    }

    /** Refuses a count that is negative, or so large that a sum with others may overflow. */
    public static void requireCount(String name, long value) {
        if (value < 0 || value > COUNT_MAX) {
            throw new InvalidValueException(name, value, "0 to " + COUNT_MAX);
        }
    }

    /** Refuses a number below a bound. */
    public static void requireAtLeast(String name, long value, long least) {
        if (value < least) {
            throw new InvalidValueException(name, value, least + " or more");
        }
    }

    /** Returns the name of the value as its user knows it, for example {@code maxEntries}. */
    public String name() {
        return name;
    }

    /** Returns the expectation alone, for a caller that uses another name for the value. */
    public String expected() {
        return expected;
    }

    private static String shown(String value) {
        String line = value.codePoints()
                .limit(SHOWN_CHARACTERS)
                .collect(
                        StringBuilder::new,
                        (text, point) -> text.appendCodePoint(Character.isISOControl(point) ? '?' : point),
                        StringBuilder::append)
                .toString();
        return line.length() < value.length() ? line + "..." : line;
    }
}
