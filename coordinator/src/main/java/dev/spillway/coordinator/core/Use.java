package dev.spillway.coordinator.core;

import java.time.Instant;

/**
 * The last use of an entry: its put or a read.
 *
 * @param number   the namespace's number of it
 * @param at       time of it
 * @param count    uses of the image up to this one, 1 or more
 * @param priority the entry's priority since then, 0 or more
 */
public record Use(long number, Instant at, long count, double priority) {}
