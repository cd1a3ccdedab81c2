package dev.spillway.service.http;

import dev.spillway.api.body.Page;
import dev.spillway.events.InvalidValueException;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The page of a list that a request asks for.
 *
 * @param list name of the list, such as {@code entries of images}. Each cursor begins with a mark of this name, because a cursor is only valid for
 *             its own list
 * @param after position after which the page begins; absent for the first page
 */
public record Paging(String list, int limit, @Nullable String after) {
    private static final int LIMIT_MAX = 1_000;
    private static final int LIMIT_DEFAULT = 100;

    public static Paging of(Request request, String list) {
        var after = request.query().text("after").orElse(null);
        if (after != null && !after.startsWith(mark(list))) {
            throw new InvalidValueException("after", after, "the next of an earlier page");
        }
        return new Paging(
                list,
                request.query().number("limit", 1, LIMIT_MAX).map(Math::toIntExact).orElse(LIMIT_DEFAULT),
                after == null ? null : after.substring(mark(list).length()));
    }

    /** @param place position after these items; absent on the last page */
    public <V, A> Page<A> page(List<V> items, @Nullable String place, Function<V, A> item) {
        return new Page<>(items.stream().map(item).toList(), next(list, place));
    }

    /**
     * Returns a page of the found items, which are one more than the limit if there are more pages.
     *
     * @param place returns the position of an item
     */
    public <V, A> Page<A> page(List<V> found, Function<V, String> place, Function<V, A> item) {
        boolean more = found.size() > limit;
        var items = more ? found.subList(0, limit) : found;
        return page(items, more ? place.apply(items.getLast()) : null, item);
    }

    /** Returns the cursor of a position in a list. */
    public static @Nullable String next(String list, @Nullable String place) {
        return place == null ? null : mark(list) + place;
    }

    private static String mark(String list) {
        return Integer.toHexString(list.hashCode()) + ".";
    }
}
