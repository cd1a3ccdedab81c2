package dev.spillway.coordinator.http;

/**
 * Says that the database was restored from an older state.
 *
 * @param epoch the epoch that the registry is in now, so that saying it twice does it once
 */
public record RestoredBody(long epoch) {}
