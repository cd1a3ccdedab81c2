package dev.spillway.coordinator.core;

import dev.spillway.events.InvalidValueException;
import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a reader of activity stands: behind one activity of one transaction. Its text is the id of that event for everyone outside. Ordered as
 * activity is read.
 *
 * @param transaction 0 or more, as storage numbers them
 * @param number      of the activity, 0 or more, rising within its transaction; 0 stands before all of them
 */
public record ActivityCursor(long transaction, long number) implements Comparable<ActivityCursor> {
    /** What {@link #parse} takes, for messages. */
    public static final String EXPECTED = "the id of an event, such as 1234-56";

    private static final Pattern FORM = Pattern.compile("([0-9]{1,18})-([0-9]{1,18})");
    private static final Comparator<ActivityCursor> ORDER =
            Comparator.comparingLong(ActivityCursor::transaction).thenComparingLong(ActivityCursor::number);

    public ActivityCursor {
        InvalidValueException.requireAtLeast("transaction", transaction, 0);
        InvalidValueException.requireAtLeast("number", number, 0);
    }

    /**
     * Reads the text of a cursor.
     *
     * @throws InvalidValueException when it is none
     */
    public static ActivityCursor parse(String name, String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new InvalidValueException(name, text, EXPECTED);
        }
        return new ActivityCursor(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2)));
    }

    @Override
    public int compareTo(ActivityCursor other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return transaction + "-" + number;
    }
}
