package dev.spillway.api;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One page of a list.
 *
 * @param next what {@code ?after=} of the following page is; absent on the last one
 */
public record Page<T>(List<T> items, @Nullable String next) {
    /** A list that is always answered whole. */
    public static <T> Page<T> whole(List<T> items) {
        return new Page<>(items, null);
    }
}
