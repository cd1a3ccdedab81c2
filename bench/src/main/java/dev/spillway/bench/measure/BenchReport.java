package dev.spillway.bench.measure;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * The report of a benchmark, in the form of its JSON.
 *
 * @param quick    whether the run only shows that everything works
 * @param settings settings by name, as read from the servers
 */
public record BenchReport(
        String benchmark,
        Instant startedAt,
        Duration took,
        boolean quick,
        Machine machine,
        Map<String, String> settings,
        List<Result> results,
        List<Figure> figures,
        List<Check> checks,
        List<Bar> bars) {}
