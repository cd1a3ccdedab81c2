package dev.spillway.pager;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A packed content: one tensor of one pack.
 *
 * @param pack  name of the pack's file, which no other pack has
 * @param at    place among the tensors of the pack
 * @param check that the content had in the memory of the pager that it was captured from; null if it had none
 */
record PackPage(String pack, int at, PageHash hash, @Nullable PageCheck check) {
    /** Returns whether the check, if there is one, is that of a content: it comes from a manifest, which anybody may have made. */
    boolean isChecked(ByteBuffer content) {
        return check == null || check.equals(PageCheck.of(MemorySegment.ofBuffer(content)));
    }
}
