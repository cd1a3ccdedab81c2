package dev.spillway.bench.measure;

import java.util.List;

/**
 * A line of the table. Throughput and latencies are medians over the rounds.
 *
 * @param unit       unit of the operations
 * @param operations number of operations in all rounds, without warm-up
 * @param refused    number of calls that were answered with "try again later"
 * @param rounds     operations per second, round by round
 */
public record Result(
        String name,
        String unit,
        long entries,
        int callers,
        double perSecond,
        double p50Micros,
        double p99Micros,
        double p999Micros,
        long operations,
        long refused,
        List<Double> rounds) {}
