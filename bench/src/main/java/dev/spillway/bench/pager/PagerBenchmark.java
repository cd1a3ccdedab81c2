package dev.spillway.bench.pager;

import dev.spillway.bench.Benchmark;
import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.Effort;
import dev.spillway.bench.StepListener;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.Figure;
import dev.spillway.bench.measure.Machine;
import dev.spillway.bench.measure.Run;
import dev.spillway.bench.measure.TemporaryFolder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The pager of KV caches: its pages beside a copy of memory, what a capture costs the writer and the disk, and restores. */
public final class PagerBenchmark implements Benchmark {
    @Override
    public String name() {
        return "pager";
    }

    @Override
    public String description() {
        return "pages of KV caches beside a copy of memory, pauses, captures beside cp, restores";
    }

    @Override
    public BenchReport run(Effort effort, StepListener progress) throws InterruptedException {
        Run run = Run.begin(name(), effort.quick());
        List<Figure> figures = new ArrayList<>();
        List<Bar> bars = new ArrayList<>();
        try (TemporaryFolder folder = TemporaryFolder.create("spillway-pager-")) {
            Machine machine = Machine.read(folder.path());
            new PageLines(effort).measure(progress, figures, bars);
            new Pauses(folder.path(), effort).measure(progress, figures, bars);
            new Captures(folder.path(), effort).measure(progress, figures, bars);
            Map<String, String> settings = new TreeMap<>(
                    Map.of(
                            "memory of reads and writes",
                            "512 MiB each",
                            "captures for pauses",
                            "%d sequences, pages of 4 KiB".formatted(Pauses.SEQUENCES),
                            "before the pauses",
                            "a round of the smallest pager, not counted",
                            "writer",
                            "the last page of each sequence, without a break"));
            return run.report(
                    machine,
                    settings,
                    List.of(),
                    figures,
                    List.of(),
                    bars);
        } catch (InterruptedException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new BenchmarkFailedException("pager: " + e, e);
        }
    }
}
