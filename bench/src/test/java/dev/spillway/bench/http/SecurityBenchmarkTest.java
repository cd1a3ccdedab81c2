package dev.spillway.bench.http;

import dev.spillway.bench.Benchmarks;
import dev.spillway.bench.Effort;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.BenchReport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The whole benchmark, small and short: every answer is checked, no figure is. */
@Tag("full")
class SecurityBenchmarkTest {
    @Test
    void aTokenTlsAndAProofAreMeasuredBesideNone() throws Exception {
        BenchReport report = Benchmarks.named("security").orElseThrow().run(Effort.ofQuick(), step -> {});
        assertThat(report.results()).hasSize(7).allSatisfy(line -> assertThat(line.operations()).isPositive());
        assertThat(report.bars()).extracting(Bar::bound).containsExactly(1.05, 1.3);
    }
}
