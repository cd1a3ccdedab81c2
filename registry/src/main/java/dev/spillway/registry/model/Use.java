package dev.spillway.registry.model;

import java.time.Instant;

/**
 * The last use of an entry: its put or a read.
 *
 * @param number   use number in the namespace
 * @param at       time of it
 * @param count    number of uses of the image including this one, 1 or more
 * @param priority priority of the entry since this use, 0 or more
 */
public record Use(long number, Instant at, long count, double priority) {}
