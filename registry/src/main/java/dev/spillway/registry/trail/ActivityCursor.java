package dev.spillway.registry.trail;

import dev.spillway.events.InvalidValueException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The position of a reader of events, directly after one event. The cursor's text is that event's id in the HTTP API.
 *
 * @param epoch  the registry's epoch when the event was read, 0 or more; it is needed because a restored database draws the same numbers again
 * @param number number of the event, 0 or more, rising within its epoch; 0 comes before all events
 */
public record ActivityCursor(long epoch, long number) {
    /** The form that {@link #parse} takes, for messages. */
    public static final String EXPECTED = "the id of an event, such as 1234-56";

    private static final Pattern FORM = Pattern.compile("([0-9]{1,18})-([0-9]{1,18})");

    public ActivityCursor {
        InvalidValueException.requireAtLeast("epoch", epoch, 0);
        InvalidValueException.requireAtLeast("number", number, 0);
    }

    /**
     * Reads the text of a cursor.
     *
     * @throws InvalidValueException if the text is not a cursor
     */
    public static ActivityCursor parse(String name, String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new InvalidValueException(name, text, EXPECTED);
        }
        return new ActivityCursor(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2)));
    }

    @Override
    public String toString() {
        return epoch + "-" + number;
    }
}
