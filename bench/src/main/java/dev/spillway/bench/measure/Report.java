package dev.spillway.bench.measure;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * What a benchmark found, as it is printed as JSON.
 *
 * @param quick    the figures are of a run that only shows that everything works
 * @param settings read back from the servers, by name
 */
public record Report(String benchmark, Instant startedAt, Duration took, boolean quick, Machine machine, Map<String, String> settings,
        List<Result> results, List<Figure> figures, List<Check> checks, List<Bar> bars) {}
