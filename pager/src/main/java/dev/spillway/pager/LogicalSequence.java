package dev.spillway.pager;

import dev.spillway.events.InvalidValueException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A sequence of tokens and the pages that hold their keys and values.
 *
 * @param id             1 to 256 bytes of UTF-8
 * @param pages          physical pages by position, each at most once
 * @param lastPageTokens tokens in the last page; 0 means that it is full
 */
public record LogicalSequence(String id, List<Integer> pages, int lastPageTokens) {
    public LogicalSequence {
        int bytes = id.getBytes(StandardCharsets.UTF_8).length;
        // Half of a surrogate pair has no UTF-8 form: checks and digests would read it as a question mark.
        if (bytes < 1 || bytes > 256 || !StandardCharsets.UTF_8.newEncoder().canEncode(id)) {
            throw new InvalidValueException("sequence id", id, "1 to 256 bytes of UTF-8");
        }
        pages = List.copyOf(pages);
        if (lastPageTokens < 0 || pages.isEmpty() && lastPageTokens > 0) {
            throw new InvalidValueException("lastPageTokens of " + id, lastPageTokens, "0 for full, or the tokens in the last page");
        }
    }
}
