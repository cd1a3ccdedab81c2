package dev.spillway.bench.pager;

import dev.spillway.bench.Benchmarks;
import dev.spillway.bench.Effort;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.Figure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The whole benchmark, small and short: what is counted decides, nothing that is timed does. */
@Tag("full")
class PagerBenchmarkTest {
    @Test
    void everythingIsMeasuredBesideItsBaselinesAndNothingIsLeftBehind() throws Exception {
        List<Path> before = folders();
        BenchReport report = Benchmarks.named("pager").orElseThrow().run(Effort.ofQuick(), step -> {});

        assertThat(report.figures()).allSatisfy(figure -> assertThat(figure.value()).isPositive());
        assertThat(report.figures()).extracting(Figure::name)
                .contains(
                        "read, pages of 128 KiB",
                        "verified read, pages of 2 MiB",
                        "write with a check, pages of 2 MiB, copy of memory",
                        "pause of a capture of 10,000 pages, p99",
                        "longest write in a capture of 100 pages, max",
                        "captures of 1,000 pages",
                        "cp and sync, 512 pages of 128 KiB",
                        "restore, 512 pages of 128 KiB");
        assertThat(report.bars()).extracting(Bar::bound)
                .containsExactly(0.8, 0.6, 0.8, 0.8, 0.8, 0.8, 1_000.0, 1_000.0, 1_000.0, 2.0, 1.5, 0.15, 0.015, 0.7);
        assertThat(folders()).isEqualTo(before);
    }

    private static List<Path> folders() throws IOException {
        try (Stream<Path> temporary = Files.list(Path.of(System.getProperty("java.io.tmpdir")));
                Stream<Path> memory = Files.list(Path.of("/dev/shm"))) {
            return Stream.concat(temporary, memory)
                    .filter(folder -> folder.getFileName().toString().startsWith("spillway-pager-"))
                    .toList();
        }
    }
}
