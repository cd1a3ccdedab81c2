package dev.spillway.bench.measure;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * What a benchmark has to reach, and whether it did.
 *
 * @param name     says whether the bound is the least or the most
 * @param baseline absent for an absolute bar, whose ratio is {@code ours}
 */
public record Bar(String name, double ours, @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable Double baseline, double ratio, double bound,
        boolean held) {
    public static Bar atLeast(String name, double ours, double baseline, double bound) {
        double ratio = ours / baseline;
        return new Bar(name + ", at least", ours, baseline, ratio, bound, ratio >= bound);
    }

    public static Bar atMost(String name, double ours, double baseline, double bound) {
        double ratio = ours / baseline;
        return new Bar(name + ", at most", ours, baseline, ratio, bound, ratio <= bound);
    }

    /** An absolute bar. */
    public static Bar atMost(String name, double ours, double bound) {
        return new Bar(name + ", at most", ours, null, ours, bound, ours <= bound);
    }
}
