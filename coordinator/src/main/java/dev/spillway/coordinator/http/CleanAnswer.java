package dev.spillway.coordinator.http;

/**
 * What one request of a clean did.
 *
 * @param remaining entries that are still there; when it is not 0, ask again
 */
public record CleanAnswer(long evicted, long remaining) {}
