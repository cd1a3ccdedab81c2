package dev.spillway.pager;

import org.jspecify.annotations.Nullable;

/**
 * A packed content: one tensor of one pack.
 *
 * @param pack  name of the pack's file, which no other pack has
 * @param at    place among the tensors of the pack
 * @param check that the content had in the memory of the pager that it was captured from; null if it had none
 */
record PackPage(String pack, int at, PageHash hash, @Nullable PageCheck check) {}
