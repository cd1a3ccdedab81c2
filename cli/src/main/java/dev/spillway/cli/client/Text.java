package dev.spillway.cli.client;

import dev.spillway.api.Sizes;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/** Values as people read them. */
final class Text {
    static final String NONE = "-";

    private Text() {}

    /** Without what a terminal would obey or a table would break at. */
    static String printable(String text) {
        return text.codePoints()
                .map(point -> hasForm(point) ? point : '?')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    /** Returns false for what moves the cursor, or turns the direction of what follows. */
    private static boolean hasForm(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> false;
            // Marks that join letters, or parts of a picture, have to stay.
            case Character.FORMAT -> point == '\u200c' || point == '\u200d';
            default -> true;
        };
    }

    static String bytes(@Nullable Long count) {
        return count == null ? NONE : Sizes.print(count);
    }

    static String number(@Nullable Long number) {
        return number == null ? NONE : Long.toString(number);
    }

    static String time(@Nullable Instant time) {
        return time == null ? NONE : time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** How long ago, in its largest unit. */
    static String ago(@Nullable Instant time) {
        return time == null ? NONE : span(Duration.between(time, Instant.now())) + " ago";
    }

    static String span(Duration span) {
        long seconds = Math.max(0, span.toSeconds());
        if (seconds < 120) {
            return seconds + " s";
        }
        if (seconds < 7_200) {
            return seconds / 60 + " min";
        }
        return seconds < 172_800 ? seconds / 3_600 + " h" : seconds / 86_400 + " d";
    }

    /** A time that somebody gave, exactly, in the largest units that it takes. */
    static String length(@Nullable Duration time) {
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

    static String count(long number, String one, String many) {
        return number + " " + (number == 1 ? one : many);
    }
}
