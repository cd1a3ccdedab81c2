package dev.spillway.bench.curves;

import java.util.List;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Curves beside exact stack distances. The traces have seeds, so the errors are always the same. */
class CurveErrorTest {
    private static final double MEAN_ERROR_MAX = 0.01;

    @Test
    @Tag("full")
    void curvesOfTenTracesAreWithinAHundredthOfTheTruth() {
        List<Trace> traces = Trace.ten(1_000_000);
        assertThat(traces).hasSize(10);
        SoftAssertions.assertSoftly(softly -> traces.forEach(trace -> {
            CurveError error = CurveError.of(trace);
            System.out.println(trace.name() + " " + error);
            softly.assertThat(error.entries()).as("%s, by entries", trace.name()).isLessThanOrEqualTo(MEAN_ERROR_MAX);
            softly.assertThat(error.bytes()).as("%s, by bytes", trace.name()).isLessThanOrEqualTo(MEAN_ERROR_MAX);
            softly.assertThat(error.modelBytes()).as("%s, bytes of the model", trace.name()).isLessThanOrEqualTo(1 << 20);
        }));
    }
}
