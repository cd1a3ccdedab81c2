package dev.spillway.bench.registry;

import dev.spillway.bench.Benchmarks;
import dev.spillway.bench.Effort;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.Check;
import dev.spillway.bench.measure.Figure;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The whole benchmark, small and short: what it counts, never how large anything became. */
@Tag("full")
class TouchesBenchmarkTest {
    @Test
    void touchesChangeEntriesAndNothingElse() throws InterruptedException {
        BenchReport report = Benchmarks.named("touches").orElseThrow().run(Effort.ofQuick(), step -> {});
        Map<String, Double> figures = report.figures().stream().collect(Collectors.toMap(Figure::name, Figure::value));
        assertThat(report.checks()).extracting(Check::counts).containsExactly(new TreeMap<>(Map.of("entries", 5_000L)));
        assertThat(figures.get("touches in all")).isGreaterThanOrEqualTo(10 * BulkTouches.ITEMS);
        for (int tenth = 1; tenth <= 10; tenth++) {
            assertThat(figures.get("touches in tenth " + tenth)).isPositive();
            assertThat(figures.get("entries, tenth " + tenth)).isGreaterThanOrEqualTo(figures.get("entries, filled"));
        }
        assertThat(report.bars()).hasSize(1)
                .allSatisfy(
                        bar -> assertThat(bar.ours())
                                .isEqualTo(
                                        figures.getOrDefault("entries, tenth 10", 0.0)
                                                + figures.getOrDefault("their indexes, tenth 10", 0.0)));
    }
}
