package dev.spillway.bench.unlink;

import dev.spillway.bench.Benchmarks;
import dev.spillway.bench.Effort;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.Check;
import dev.spillway.bench.measure.Figure;
import dev.spillway.bench.measure.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The whole benchmark with small trees. What is timed decides nothing, but for the bound that the pace itself is. */
class UnlinkBenchmarkTest {
    private static BenchReport report;
    private static List<Path> leftBehind;

    @BeforeAll
    static void measure() throws Exception {
        List<Path> before = folders();
        report = Benchmarks.named("unlink").orElseThrow().run(Effort.ofQuick(), step -> {});
        leftBehind = folders().stream().filter(folder -> !before.contains(folder)).toList();
    }

    private static List<Path> folders() throws IOException {
        try (Stream<Path> folders = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return folders.filter(folder -> folder.getFileName().toString().startsWith("spillway-unlink-")).toList();
        }
    }

    @Test
    void thereAreReadsInEachLine() {
        assertThat(report.results()).extracting(Result::name)
                .containsExactly("nothing is deleted", "deleted with the pace", "deleted without it");
        assertThat(report.results()).allSatisfy(line -> {
            assertThat(line.operations()).isPositive();
            assertThat(line.entries()).isEqualTo(4 * 8);
            assertThat(line.refused()).isZero();
        });
        assertThat(report.bars()).extracting(Bar::bound).containsExactly(0.8);
    }

    @Test
    void bothDeletionsRemoveTheSameTrees() {
        assertThat(report.checks()).extracting(Check::name).containsExactly("deletions with the pace", "deletions without it");
        assertThat(report.checks()).extracting(Check::counts)
                .allSatisfy(counts -> assertThat(counts).isEqualTo(Map.of("rounds", 1L, "trees", 4L, "entries", 4 * 501L)));
    }

    @Test
    void theDeletionWithThePaceTakesAsLongAsItsRateAllows() {
        Map<String, Double> figures = report.figures().stream().collect(Collectors.toMap(Figure::name, Figure::value));
        double leastMillis = 1_000 * 4 * 501 / 4_000.0 - 250 - 10;
        assertThat(figures.get("a deletion took with the pace")).isGreaterThan(leastMillis);
        assertThat(figures.get("deleted each time")).isEqualTo(2_004);
    }

    @Test
    void nothingIsLeftBehind() {
        assertThat(leftBehind).isEmpty();
    }
}
