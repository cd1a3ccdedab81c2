package dev.spillway.dev.bench;

import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.Check;
import dev.spillway.bench.measure.Figure;
import dev.spillway.bench.measure.Machine;
import dev.spillway.bench.measure.Result;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Tests the report as people see it. */
class PrintedReportTest {
    private static BenchReport report(boolean quick) {
        return new BenchReport(
                "registry",
                Instant.parse("2026-11-21T05:00:00Z"),
                Duration.ofSeconds(61),
                quick,
                new Machine(2, "Processor", 8L << 30, "Linux 6", "JDK 25", "ext4", 2L << 30, 0.5),
                Map.of("fsync", "on"),
                List.of(
                        new Result(
                                "registry",
                                "puts",
                                100_000,
                                1_024,
                                20_000.4,
                                500,
                                40_000,
                                60_000,
                                80_000,
                                3,
                                List.of(19_000.0, 21_000.0))),
                List.of(new Figure("tenth 1", 30_000, "puts/s"), new Figure("heap", 31 << 20, "bytes")),
                List.of(new Check("ours", new TreeMap<>(Map.of("entries", 100_000L)))),
                List.of(Bar.atLeast("puts", 20_000, 1_000, 20), Bar.atMost("heap", 13, 10, 1.2)));
    }

    private static List<String> printed(BenchReport report) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new PrintedReport(report, new PrintStream(bytes, true, StandardCharsets.UTF_8)).print();
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void theMachineAndItsSettingsComeFirst() {
        assertThat(printed(report(false)).subList(0, 3)).containsExactly(
                "benchmark  registry, 2026-11-21T05:00:00Z, took 61 s",
                "machine    2 cores of Processor, 8.0 GiB of memory, Linux 6, JDK 25 (heap at most 2.0 GiB), data on ext4, load at the start 0.50",
                "settings   fsync=on");
    }

    @Test
    void aQuickRunSaysThatItsFiguresMeanNothing() {
        assertThat(printed(report(true)).getFirst()).endsWith("quick: the figures mean nothing");
    }

    @Test
    void everyKindOfFigureHasItsUnit() {
        assertThat(printed(report(false))).anySatisfy(
                line -> assertThat(line)
                        .matches("registry +puts +100,000 +1,024 +20,000 +0\\.500 +40\\.0 +60\\.0 +3 +19,000 21,000"))
                .anySatisfy(line -> assertThat(line).matches("tenth 1 +30,000 +puts/s"))
                .anySatisfy(line -> assertThat(line).matches("heap +31\\.0 MiB"))
                .anySatisfy(line -> assertThat(line).matches("ours +entries 100,000"));
    }

    @Test
    void aMissedBarIsPrintedAsMissed() {
        assertThat(printed(report(false)))
                .anySatisfy(line -> assertThat(line).matches("puts, at least +20,000 +1,000 +20\\.00 +20\\.00 +held"))
                .anySatisfy(line -> assertThat(line).matches("heap, at most +13 +10 +1\\.30 +1\\.20 +MISSED"));
    }
}
