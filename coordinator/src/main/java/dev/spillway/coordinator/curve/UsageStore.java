package dev.spillway.coordinator.curve;

import dev.spillway.events.NamespaceName;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Stores the accesses to namespaces from all coordinators. Blocks; thread-safe. */
public interface UsageStore {
    /** Length of the intervals of {@link #history}. */
    Duration INTERVAL = Duration.ofMinutes(5);

    /**
     * Counted reads in an interval.
     *
     * @param entries number of entries when the interval was last written; {@code bytes} likewise
     */
    record Interval(Instant beganAt, long hits, long misses, long entries, long bytes) {}

    /** Stores the accesses that one coordinator gathered. Returns the present sampling threshold of each of these namespaces that has one. */
    Map<NamespaceName, Long> store(Map<NamespaceName, SampledAccesses> seen);

    /** Returns the curve of all stored accesses. */
    HitRateCurve curve(NamespaceName namespace);

    /** Returns the intervals that began at or after a time, the oldest first. An interval without any access is absent. */
    List<Interval> history(NamespaceName namespace, Instant since);
}
