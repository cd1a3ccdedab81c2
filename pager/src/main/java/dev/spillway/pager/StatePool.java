package dev.spillway.pager;

import dev.spillway.events.InvalidValueException;
import java.util.List;

/**
 * A pool of state. Each sequence has one slot of it beside its pages, for the recurrent or convolution state of a hybrid model.
 *
 * @param name 1 to 64 of the letters a to z, digits, dots, hyphens and underscores
 */
public record StatePool(String name, ElementType elements, List<Long> dimensions) {
    public StatePool {
        if (!name.matches("[a-z0-9._-]{1,64}")) {
            throw new InvalidValueException("state pool", name, "1 to 64 of a-z, 0-9, dot, hyphen and underscore");
        }
        dimensions = List.copyOf(dimensions);
        if (dimensions.isEmpty() || dimensions.size() > 8 || dimensions.stream().anyMatch(one -> one < 1 || one > 1 << 30)) {
            throw new InvalidValueException("dimensions of " + name, dimensions, "1 to 8 numbers of 1 or more");
        }
        PageShape.bytes(elements, dimensions);
    }

    /** Returns the bytes of one sequence's state. */
    public long bytes() {
        return PageShape.bytes(elements, dimensions);
    }
}
