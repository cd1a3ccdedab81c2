package dev.spillway.bench.curves;

import dev.spillway.bench.Benchmarks;
import dev.spillway.bench.Effort;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.Figure;
import dev.spillway.events.EvictionPolicy;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** The whole benchmark, small and short: that it compares what it says, never how fast anything is. */
@Tag("full")
class CurvesBenchmarkTest {
    @Test
    void curvesAreComparedWithTheTruth() throws InterruptedException {
        BenchReport report = Benchmarks.named("curves").orElseThrow().run(Effort.ofQuick(), step -> {});
        Map<String, Double> figures = report.figures().stream().collect(Collectors.toMap(Figure::name, Figure::value));
        for (EvictionPolicy policy : EvictionPolicy.values()) {
            assertThat(figures.get("hit rate under %s, 0.5 x".formatted(policy)))
                    .isLessThan(figures.get("hit rate under %s, 4.0 x".formatted(policy)));
        }
        // All keys of so short a trace are followed. Callers interleave, so the order is not that of the trace.
        assertThat(figures.get("the same by the curve under LRU")).isCloseTo(figures.get("hit rate under LRU, 1 x"), within(0.001));
        // Its size lies between two that are simulated.
        assertThat(figures.get("the same by the curve under GDSF")).isCloseTo(figures.get("hit rate under GDSF, 1 x"), within(0.01));
        assertThat(report.bars()).extracting(Bar::name).hasSize(5);
        assertThat(report.results()).hasSize(2).allSatisfy(line -> assertThat(line.operations()).isPositive());
    }
}
