package dev.spillway.bench.directories;

import dev.spillway.bench.Benchmarks;
import dev.spillway.bench.Effort;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.Check;
import dev.spillway.bench.measure.Figure;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The whole benchmarks with small trees. What is timed decides nothing. */
class DirectoriesBenchmarkTest {
    @Test
    void treesAreStoredAndDeletedBesideCpAndRm() throws InterruptedException {
        BenchReport report = Benchmarks.named("directories").orElseThrow().run(Effort.ofQuick(), step -> {});
        assertThat(report.figures()).hasSize(8).extracting(Figure::value).allSatisfy(millis -> assertThat(millis).isPositive());
        assertThat(report.bars()).extracting(Bar::bound).containsOnly(1.0);
        assertThat(report.checks()).extracting(Check::counts).containsExactly(new TreeMap<>(Map.of("images", 0L)));
    }

    @Test
    void treesAreTakenFromAnotherHostBesideTar() throws InterruptedException {
        BenchReport report = Benchmarks.named("peers").orElseThrow().run(Effort.ofQuick(), step -> {});
        assertThat(report.figures()).hasSize(4).extracting(Figure::value).allSatisfy(millis -> assertThat(millis).isPositive());
        assertThat(report.bars()).hasSize(3);
        assertThat(report.bars().getLast().ours()).as("copies that a herd takes").isEqualTo(1);
        // Two rounds of two trees, and the herd.
        assertThat(report.checks().getFirst().counts()).containsEntry("copies", 5L);
    }
}
