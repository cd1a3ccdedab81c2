package dev.spillway.pager;

import dev.spillway.events.InvalidValueException;
import java.util.List;

/**
 * The shape of a page, which holds some tokens of one sequence in all layers.
 *
 * @param kvHeads number of heads of keys and values, not of queries
 */
public record PageShape(
        int tokens,
        int layers,
        int kvHeads,
        int headDim,
        ElementType elements,
        DimensionOrder order,
        KeysAndValues keysAndValues) {
    /** Limits the size of a page. */
    public static final long BYTES_MAX = 1L << 30;

    public PageShape {
        requireSize("tokens", tokens);
        requireSize("layers", layers);
        requireSize("kvHeads", kvHeads);
        requireSize("headDim", headDim);
        bytes(elements, dimensions(tokens, layers, kvHeads, headDim, order, keysAndValues));
    }

    private static void requireSize(String name, int size) {
        if (size < 1 || size > 1 << 20) {
            throw new InvalidValueException(name, size, "1 to 1,048,576");
        }
    }

    /** Returns the dimensions of a page, the outermost first, as safetensors and numpy count them. */
    public List<Long> dimensions() {
        return dimensions(tokens, layers, kvHeads, headDim, order, keysAndValues);
    }

    private static List<Long> dimensions(long tokens, long layers, long heads, long dim, DimensionOrder order, KeysAndValues places) {
        long outer = order == DimensionOrder.NHD ? tokens : heads;
        long inner = order == DimensionOrder.NHD ? heads : tokens;
        return switch (places) {
            case SEPARATE -> List.of(2L, layers, outer, inner, dim);
            case PACKED -> List.of(layers, outer, inner, 2 * dim);
            case ONE -> List.of(layers, outer, inner, dim);
        };
    }

    /** Returns the bytes of a page. */
    public long bytes() {
        return bytes(elements, dimensions());
    }

    static long bytes(ElementType elements, List<Long> dimensions) {
        long bytes = elements.bytes();
        for (long dimension : dimensions) {
            // Each factor is at most 2^21 and the product before it at most 2^30.
            bytes *= dimension;
            if (bytes > BYTES_MAX) {
                throw new InvalidValueException("page bytes", bytes, "1 to " + BYTES_MAX);
            }
        }
        return bytes;
    }
}
