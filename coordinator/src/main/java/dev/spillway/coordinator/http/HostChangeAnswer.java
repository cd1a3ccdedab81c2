package dev.spillway.coordinator.http;

/**
 * A host was retired or readmitted.
 *
 * @param rowsAbandoned replica rows that closed as ABANDONED
 * @param entriesLost   entries evicted because no other host holds them
 */
public record HostChangeAnswer(long rowsAbandoned, long entriesLost) {}
