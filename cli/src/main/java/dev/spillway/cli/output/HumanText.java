package dev.spillway.cli.output;

import dev.spillway.api.Sizes;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/** Formats values for people. */
public final class HumanText {
    public static final String NONE = "-";

    private HumanText() {}

    /** Replaces control characters and line breaks by question marks, because they would control the terminal or break a table. */
    public static String printable(String text) {
        return text.codePoints()
                .map(point -> hasForm(point) ? point : '?')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    /** Returns false for characters that move the cursor or change the direction of the following text. */
    private static boolean hasForm(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> false;
            // Joiners of letters and emoji must be kept.
            case Character.FORMAT -> point == '\u200c' || point == '\u200d';
            default -> true;
        };
    }

    public static String bytes(@Nullable Long count) {
        return count == null ? NONE : Sizes.print(count);
    }

    public static String number(@Nullable Long number) {
        return number == null ? NONE : Long.toString(number);
    }

    public static String time(@Nullable Instant time) {
        return time == null ? NONE : time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** Returns the time since then in its largest unit. */
    public static String ago(@Nullable Instant time) {
        return time == null ? NONE : span(Duration.between(time, Instant.now())) + " ago";
    }

    public static String span(Duration span) {
        long seconds = Math.max(0, span.toSeconds());
        if (seconds < 120) {
            return seconds + " s";
        }
        if (seconds < 7_200) {
            return seconds / 60 + " min";
        }
        return seconds < 172_800 ? seconds / 3_600 + " h" : seconds / 86_400 + " d";
    }

    /** Returns a configured duration exactly, in the largest possible units. */
    public static String length(@Nullable Duration time) {
        if (time == null) {
            return NONE;
        }
        StringBuilder words = new StringBuilder();
        append(words, time.toDays(), " d");
        append(words, time.toHoursPart(), " h");
        append(words, time.toMinutesPart(), " min");
        append(words, time.toSecondsPart(), " s");
        append(words, time.toMillisPart(), " ms");
        return words.isEmpty() ? "0 s" : words.toString();
    }

    private static void append(StringBuilder words, long number, String unit) {
        if (number > 0) {
            words.append(words.isEmpty() ? "" : " ").append(number).append(unit);
        }
    }

    public static String count(long number, String one, String many) {
        return number + " " + (number == 1 ? one : many);
    }
}
