package dev.spillway.events.protocol;

/**
 * Tells how many differences the registry has settled, and how many it left for later.
 *
 * @param waiting      discrepancies that wait for their grace period and a second look
 * @param settled      rows closed and orders written because of this message
 * @param waitForHuman discrepancies beyond the breaker's share, which stay until a person decides
 */
public record DiscrepancyAnswer(long waiting, long settled, long waitForHuman) {}
