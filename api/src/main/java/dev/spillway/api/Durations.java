package dev.spillway.api;

import dev.spillway.events.InvalidValueException;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.regex.Pattern;

/** Durations as people and programs write them: ISO 8601 such as {@code PT10S}, or a number with a unit such as {@code 500ms}, {@code 10s}, {@code 5m}, {@code 2h}, {@code 1d}. */
public final class Durations {

    /** Form that {@link #parse} accepts, for messages. */
    public static final String EXPECTED = "a duration such as 10s, 5m or PT10S";

    private static final Pattern SHORT = Pattern.compile("([0-9]{1,12})(ms|s|m|h|d)");

    /** ISO 8601 without the signs and lower-case letters that Java also accepts. */
    private static final Pattern ISO = Pattern.compile("P[0-9DTHMS.]+");

    private Durations() {}

    /**
     * Reads a duration above zero and at most {@code most}.
     *
     * @throws InvalidValueException if the text is not such a duration, with the given text
     */
    public static Duration parse(String name, String text, Duration most) {
        Duration duration;
        try {
            duration = parse(text);
        } catch (IllegalArgumentException e) {
            throw new InvalidValueException(name, text, EXPECTED);
        }
        if (!duration.isPositive() || duration.compareTo(most) > 0) {
            throw new InvalidValueException(name, text, "more than zero, at most " + most);
        }
        return duration;
    }

    /**
     * Reads a duration of zero or more.
     *
     * @throws IllegalArgumentException if the text is not a duration
     */
    public static Duration parse(String text) {
        var matcher = SHORT.matcher(text);
        Duration duration;
        if (matcher.matches()) {
            long number = Long.parseLong(matcher.group(1));
            duration = switch (matcher.group(2)) {
                case "ms" -> Duration.ofMillis(number);
                case "s" -> Duration.ofSeconds(number);
                case "m" -> Duration.ofMinutes(number);
                case "h" -> Duration.ofHours(number);
                default -> Duration.ofDays(number);
            };
        } else {
            try {
                duration = ISO.matcher(text).matches() ? Duration.parse(text) : Duration.ofNanos(-1);
            } catch (DateTimeParseException e) {
                throw new IllegalArgumentException(text + " (expected: " + EXPECTED + ")", e);
            }
        }
        if (duration.isNegative()) {
            throw new IllegalArgumentException(text + " (expected: " + EXPECTED + ")");
        }
        return duration;
    }
}
