package dev.spillway.bench.http;

import dev.spillway.bench.Benchmarks;
import dev.spillway.bench.Effort;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.Figure;
import dev.spillway.bench.measure.Result;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The whole benchmark, small and short: every answer is checked, no figure is. */
@Tag("full")
class ArtifactsHttpBenchmarkTest {
    @Test
    void readsAreMeasuredBesideNginxWhereItIsInstalled() throws Exception {
        List<String> steps = new ArrayList<>();
        BenchReport report = Benchmarks.named("artifacts-http").orElseThrow().run(Effort.ofQuick(), steps::add);
        assertThat(report.results()).extracting(Result::name)
                .containsExactly("connect, one get of 4 KiB, close: helper socket", "connect, one get of 4 KiB, close: HTTP");
        assertThat(report.results()).allSatisfy(line -> assertThat(line.operations()).isPositive());
        if (Tools.path("wrk").isPresent() && Tools.path("nginx").isPresent()) {
            assertThat(report.figures()).extracting(Figure::name).contains("GET of 4 KiB", "GET of 1 MiB, nginx", "GET of 16 MiB");
            assertThat(report.figures()).allSatisfy(figure -> assertThat(figure.value()).isPositive());
            assertThat(report.bars()).extracting(Bar::name)
                    .containsExactly("GET of 4 KiB, to nginx, at least", "GET of 1 MiB, to nginx, at least");
        } else {
            assertThat(steps).anyMatch(step -> step.contains("not measured"));
            assertThat(report.settings().get("beside nginx")).contains("not measured");
        }
    }
}
