package dev.spillway.bench.artifacts;

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
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The whole benchmark, small and short: what is counted decides, nothing that is timed does. */
@Tag("full")
class ArtifactsBenchmarkTest {
    @Test
    void everythingIsMeasuredBesideItsBaselinesAndNothingIsLeftBehind() throws Exception {
        List<Path> before = folders();
        BenchReport report = Benchmarks.named("artifacts").orElseThrow().run(Effort.ofQuick(), step -> {});

        assertThat(report.results()).extracting(Result::name)
                .contains(
                        "put of 4 KiB",
                        "put of 4 KiB, RocksDB",
                        "put of 4 KiB, a file each",
                        "put of 64 KiB",
                        "warm hit of 4 KiB",
                        "warm hit of 64 KiB, RocksDB",
                        "round of 64 puts of 4 KiB and as many flushes, a file each");
        assertThat(report.results()).allSatisfy(line -> assertThat(line.operations()).isPositive());
        assertThat(report.figures()).allSatisfy(figure -> assertThat(figure.value()).isPositive());
        assertThat(report.figures()).extracting(Figure::name)
                .contains(
                        "hit in memory, full by entries, 2 threads",
                        "hit in memory, full by weight, 1 thread, Caffeine",
                        "start with 10,000 artifacts of 256 bytes",
                        "start with 10,000 artifacts of 256 bytes, RocksDB");
        assertThat(report.checks()).extracting(Check::name).containsExactly("a herd on one artifact", "most syncs of one round of flushes");
        assertThat(report.checks().getFirst().counts()).isEqualTo(Map.of("callers", 1_000L, "compilations", 1L));
        assertThat(report.checks().getLast().counts().get("64 waiters")).isBetween(1L, 2L);
        assertThat(report.bars()).extracting(Bar::bound).containsExactly(1.5, 1.5, 1.5, 1.5, 0.05, 1.0, 2.0, 5_000.0, 200.0);
        assertThat(folders()).isEqualTo(before);
    }

    private static List<Path> folders() throws IOException {
        try (Stream<Path> folders = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return folders.filter(folder -> folder.getFileName().toString().startsWith("spillway-artifacts-")).toList();
        }
    }
}
