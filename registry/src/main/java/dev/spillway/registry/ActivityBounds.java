package dev.spillway.registry;

import dev.spillway.registry.RegistryQueries.ActivityPage;
import dev.spillway.registry.RegistryQueries.Recorded;
import dev.spillway.registry.trail.ActivityCursor;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The range of events that can be read. Also decides where a reader continues whose position is outside of it.
 *
 * @param epoch   the registry's
 * @param trimmed highest number of an event that is no longer kept or belongs to an earlier epoch
 * @param newest  number of the newest activity that can be read; {@code trimmed} where there is none
 * @param drawn   highest number that was ever drawn
 */
public record ActivityBounds(long epoch, long trimmed, long newest, long drawn) {
    /**
     * Returns the page after a cursor. A reader without a cursor begins at the end. A reader whose position is lost gets a page that reports the gap.
     * If the database does not know the epoch of its cursor, it continues at the end; otherwise at the oldest readable event.
     *
     * @param reading reads what is behind a cursor within the range
     */
    public ActivityPage page(@Nullable ActivityCursor after, Function<ActivityCursor, List<Recorded>> reading) {
        if (after == null) {
            return new ActivityPage(List.of(), at(newest), false);
        }
        if (after.epoch() > epoch || after.epoch() == epoch && after.number() > drawn) {
            return new ActivityPage(List.of(), at(newest), true);
        }
        if (after.epoch() < epoch || after.number() < trimmed) {
            return new ActivityPage(List.of(), at(trimmed), true);
        }
        List<Recorded> items = reading.apply(after);
        return new ActivityPage(items, items.isEmpty() ? after : items.getLast().cursor(), false);
    }

    private ActivityCursor at(long number) {
        return new ActivityCursor(epoch, number);
    }
}
