package dev.spillway.bench.measure;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * A target of a benchmark with the measured value.
 *
 * @param name     name, which tells whether the bound is a minimum or a maximum
 * @param baseline absent for an absolute bar, whose ratio is {@code ours}
 */
public record Bar(
        String name,
        double ours,
        @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable Double baseline,
        double ratio,
        double bound,
        boolean held) {
    public static Bar atLeast(String name, double ours, double baseline, double bound) {
        double ratio = ours / baseline;
        return new Bar(name + ", at least", ours, baseline, ratio, bound, ratio >= bound);
    }

    public static Bar atMost(String name, double ours, double baseline, double bound) {
        double ratio = ours / baseline;
        return new Bar(name + ", at most", ours, baseline, ratio, bound, ratio <= bound);
    }

    /** Returns an absolute bar with an upper bound. */
    public static Bar atMost(String name, double ours, double bound) {
        return new Bar(name + ", at most", ours, null, ours, bound, ours <= bound);
    }
}
