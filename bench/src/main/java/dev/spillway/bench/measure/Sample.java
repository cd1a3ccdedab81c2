package dev.spillway.bench.measure;

import java.time.Duration;
import org.HdrHistogram.Histogram;

/**
 * One measured window.
 *
 * @param operations number of operations in the window
 * @param refused    number of answers that asked to try again later
 */
public record Sample(long operations, long refused, double perSecond, double p50Micros, double p99Micros, double p999Micros) {
    static Sample of(Histogram nanos, long refused, Duration elapsed) {
        return new Sample(
                nanos.getTotalCount(),
                refused,
                nanos.getTotalCount() * 1e9 / elapsed.toNanos(),
                micros(nanos, 50),
                micros(nanos, 99),
                micros(nanos, 99.9));
    }

    private static double micros(Histogram nanos, double percentile) {
        return nanos.getValueAtPercentile(percentile) / 1e3;
    }
}
