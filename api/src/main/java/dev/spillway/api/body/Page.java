package dev.spillway.api.body;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One page of a list.
 *
 * @param next value of {@code ?after=} for the next page; absent on the last page
 */
public record Page<T>(List<T> items, @Nullable String next) {
    /** Returns a page with a whole list. */
    public static <T> Page<T> whole(List<T> items) {
        return new Page<>(items, null);
    }
}
