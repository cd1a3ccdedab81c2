package dev.spillway.worker.http;

import dev.spillway.events.InvalidValueException;
import dev.spillway.worker.core.model.Hold;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Comparator;
import java.util.UUID;

/** The place of a hold in the list of all holds, which is sorted by their ends. As text: the end, a slash, and the id. */
record HoldPlace(Instant until, UUID id) implements Comparable<HoldPlace> {
    private static final Comparator<HoldPlace> ORDER = Comparator.comparing(HoldPlace::until).thenComparing(HoldPlace::id);

    static HoldPlace of(Hold hold) {
        return new HoldPlace(hold.until(), hold.id());
    }

    static HoldPlace parse(String text) {
        int slash = Math.max(0, text.indexOf('/'));
        try {
            return new HoldPlace(Instant.parse(text.substring(0, slash)), UUID.fromString(text.substring(slash + 1)));
        } catch (DateTimeParseException | IllegalArgumentException e) {
            throw new InvalidValueException("after", text, "the next of an earlier page");
        }
    }

    @Override
    public int compareTo(HoldPlace other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return until + "/" + id;
    }
}
