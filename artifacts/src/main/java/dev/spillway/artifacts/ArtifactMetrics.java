package dev.spillway.artifacts;

/**
 * The counts of a store since it was opened, and what it holds now.
 *
 * @param lookups lookups by callers; each is a hit or a miss
 * @param damaged artifacts whose bytes had changed since they were stored; each was removed, and its lookup was a miss
 * @param rejectedPuts puts of artifacts over a limit
 * @param evictions artifacts that were evicted because of a limit
 * @param flushErrors flushes that failed
 * @param cachedBytes bytes of all contents now
 * @param entries number of artifacts now
 */
public record ArtifactMetrics(
        long lookups,
        long hits,
        long misses,
        long damaged,
        long puts,
        long rejectedPuts,
        long evictions,
        long evictedBytes,
        long flushes,
        long flushErrors,
        long cachedBytes,
        long entries) {
    private static final double MILLION = 1_000_000;

    /** Returns the share of hits among lookups, in parts per million; 0 without lookups. */
    public long hitRatePartsPerMillion() {
        return lookups == 0 ? 0 : (long) (hits * MILLION / lookups);
    }

    /** Returns the sum of both. */
    public ArtifactMetrics plus(ArtifactMetrics other) {
        return new ArtifactMetrics(
                lookups + other.lookups,
                hits + other.hits,
                misses + other.misses,
                damaged + other.damaged,
                puts + other.puts,
                rejectedPuts + other.rejectedPuts,
                evictions + other.evictions,
                evictedBytes + other.evictedBytes,
                flushes + other.flushes,
                flushErrors + other.flushErrors,
                cachedBytes + other.cachedBytes,
                entries + other.entries);
    }
}
