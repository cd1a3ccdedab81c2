package dev.spillway.worker.core.model;

/**
 * The offset up to which the host has read the orders.
 *
 * @param nextOffset offset of the first record that is not decided yet
 */
public record OrderPosition(int partition, long nextOffset) {}
