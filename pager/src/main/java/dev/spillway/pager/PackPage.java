package dev.spillway.pager;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A packed content: one tensor of one pack.
 *
 * @param pack  unique name of the pack's file
 * @param at    number of the tensor in the pack
 * @param check check that the content had in the memory of its pager when it was captured; null if it had none
 */
record PackPage(String pack, int at, PageHash hash, @Nullable PageCheck check) {
    /** Returns whether the check, if there is one, matches a content. The check comes from a manifest, which may be forged. */
    boolean isChecked(ByteBuffer content) {
        return check == null || check.equals(PageCheck.of(MemorySegment.ofBuffer(content)));
    }
}
