package dev.spillway.bench.http;

import dev.spillway.bench.Benchmarks;
import dev.spillway.bench.Effort;
import dev.spillway.bench.fleet.SmallFleet;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.Figure;
import dev.spillway.bench.measure.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The whole benchmark, small and short: every answer is checked, no figure is. */
@Tag("full")
class HttpBenchmarkTest {
    @Test
    void everythingIsMeasuredBesideABareHandlerAndNothingIsLeftBehind() throws Exception {
        BenchReport report = Benchmarks.named("http").orElseThrow().run(Effort.ofQuick(), step -> {});
        assertThat(report.results()).extracting(Result::name)
                .containsExactly(
                        "directory hit",
                        "directory hit, bare handler",
                        "/livez",
                        "/livez, bare handler",
                        "entry get at the coordinator",
                        "entry get at the coordinator, bare handler",
                        "JSON put of an entry",
                        "JSON put of an entry, bare handler");
        assertThat(report.results()).allSatisfy(line -> assertThat(line.operations()).isPositive());
        assertThat(report.bars()).extracting(Bar::name)
                .containsExactly("directory hit, to the bare handler, at least", "/livez, to the bare handler, at least");
        assertThat(report.figures()).extracting(Figure::name).contains("archive put", "archive sent", "cp and sync of the same bytes");
        assertThat(folders()).isEmpty();
    }

    private static List<Path> folders() throws IOException {
        try (Stream<Path> folders = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return folders.filter(folder -> folder.getFileName().toString().startsWith(SmallFleet.folderPrefix())).toList();
        }
    }
}
