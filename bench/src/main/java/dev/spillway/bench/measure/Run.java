package dev.spillway.bench.measure;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** A run of a benchmark that has begun. */
public record Run(String benchmark, boolean quick, Instant startedAt, long startNanos) {
    /** @param quick whether the run only shows that everything works */
    public static Run begin(String benchmark, boolean quick) {
        return new Run(benchmark, quick, Instant.now(), System.nanoTime());
    }

    /** Returns the time since it began. */
    public Duration took() {
        return Duration.ofNanos(System.nanoTime() - startNanos);
    }

    /** Returns the report of what it has measured until now. */
    public BenchReport report(
            Machine machine,
            Map<String, String> settings,
            List<Result> results,
            List<Figure> figures,
            List<Check> checks,
            List<Bar> bars) {
        return new BenchReport(benchmark, startedAt, took(), quick, machine, settings, results, figures, checks, bars);
    }
}
