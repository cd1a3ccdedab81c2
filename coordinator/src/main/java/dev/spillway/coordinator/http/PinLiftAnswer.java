package dev.spillway.coordinator.http;

/**
 * The entry has no pin.
 *
 * @param lifted whether it had one until now
 */
public record PinLiftAnswer(boolean lifted) {}
