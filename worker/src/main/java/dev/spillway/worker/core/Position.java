package dev.spillway.worker.core;

/**
 * How far the host has read the orders.
 *
 * @param nextOffset the first record that is not decided yet
 */
public record Position(int partition, long nextOffset) {}
