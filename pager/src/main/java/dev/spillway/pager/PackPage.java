package dev.spillway.pager;

/**
 * A packed content: one tensor of one pack.
 *
 * @param pack name of the pack's file, which no other pack has
 * @param at   place among the tensors of the pack
 */
record PackPage(String pack, int at, PageHash hash) {}
