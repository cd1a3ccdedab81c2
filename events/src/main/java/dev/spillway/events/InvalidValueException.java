package dev.spillway.events;

/** A value that can never be right, with its name, the value as given and what was expected instead. */
public final class InvalidValueException extends IllegalArgumentException {
    private static final int SHOWN_CHARACTERS = 120;

    private final String name;

    public InvalidValueException(String name, Object value, String expected) {
        super(name + ": " + shown(String.valueOf(value)) + " (expected: " + expected + ")");
        this.name = name;
    }

    /** Refuses a number below a bound. */
    public static void requireAtLeast(String name, long value, long least) {
        if (value < least) {
            throw new InvalidValueException(name, value, least + " or more");
        }
    }

    /** The name of the value as its user knows it, for example {@code maxEntries}. */
    public String name() {
        return name;
    }

    private static String shown(String value) {
        String line = value.codePoints()
                .limit(SHOWN_CHARACTERS)
                .collect(StringBuilder::new, (text, point) -> text.appendCodePoint(Character.isISOControl(point) ? '?' : point),
                        StringBuilder::append)
                .toString();
        return line.length() < value.length() ? line + "..." : line;
    }
}
