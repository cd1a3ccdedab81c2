package dev.spillway.registry.model;

import dev.spillway.events.InvalidValueException;
import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The place of an entry in its namespace's order of eviction; the smallest goes first. There are no ties.
 *
 * @param priority 0 or more; 0 for all uses while the namespace has always been under LRU
 * @param use      number of the entry's last use
 */
public record Place(double priority, long use) implements Comparable<Place> {
    /** The place before those of all entries. */
    public static final Place START = new Place(0, 0);

    private static final Pattern TEXT = Pattern.compile("(\\d{1,18})(?:-(\\d{1,20}\\.\\d{1,20}(?:E-?\\d{1,3})?))?");
    private static final Comparator<Place> ORDER = Comparator.comparingDouble(Place::priority).thenComparingLong(Place::use);

    /**
     * Reads the text that {@link #toString} returns.
     *
     * @throws InvalidValueException if the text is not a place
     */
    public static Place parse(String text) {
        Matcher matched = TEXT.matcher(text);
        if (!matched.matches()) {
            throw new InvalidValueException("after", text, "the next of an earlier page");
        }
        return new Place(matched.group(2) == null ? 0 : Double.parseDouble(matched.group(2)), Long.parseLong(matched.group(1)));
    }

    /** Returns the use number alone if the priority is 0, and otherwise both, such as {@code 17-2.5E-7}. */
    @Override
    public String toString() {
        return priority == 0 ? Long.toString(use) : use + "-" + priority;
    }

    @Override
    public int compareTo(Place other) {
        return ORDER.compare(this, other);
    }
}
