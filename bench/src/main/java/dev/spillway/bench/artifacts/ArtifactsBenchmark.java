package dev.spillway.bench.artifacts;

import dev.spillway.bench.Benchmark;
import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.Effort;
import dev.spillway.bench.StepListener;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.Check;
import dev.spillway.bench.measure.Figure;
import dev.spillway.bench.measure.Machine;
import dev.spillway.bench.measure.Result;
import dev.spillway.bench.measure.Run;
import dev.spillway.bench.measure.TemporaryFolder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Measures stores of artifacts. The baseline of hits in memory is Caffeine; those of puts, flushes, hits and starts on disk are RocksDB and plain
 * files.
 */
public final class ArtifactsBenchmark implements Benchmark {
    @Override
    public String name() {
        return "artifacts";
    }

    @Override
    public String description() {
        return "stores of artifacts, beside Caffeine, RocksDB and plain files";
    }

    @Override
    public BenchReport run(Effort effort, StepListener progress) throws InterruptedException {
        Run run = Run.begin(name(), effort.quick());
        List<Figure> figures = new ArrayList<>();
        List<Check> checks = new ArrayList<>();
        List<Bar> bars = new ArrayList<>();
        try (TemporaryFolder folder = TemporaryFolder.create("spillway-artifacts-")) {
            Machine machine = Machine.read(folder.path());
            new MemoryLines(effort).measure(progress, figures, bars);
            checks.add(Herd.run());
            List<Result> results = new DiskLines(folder.path(), effort).measure(progress, checks, bars);
            new Starts(folder.path(), effort).measure(progress, figures, bars);
            progress.step("deleting the stores");
            Map<String, String> settings =
                    new TreeMap<>(
                            Map.of(
                                    "keys of hits in memory",
                                    "Zipf 0.99 over %,d".formatted(MemoryHits.ENTRIES),
                                    "collector of hits in memory",
                                    "G1",
                                    "compression of RocksDB",
                                    "none"));
            return run.report(
                    machine,
                    settings,
                    results,
                    figures,
                    checks,
                    bars);
        } catch (InterruptedException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new BenchmarkFailedException("artifacts: " + e, e);
        }
    }
}
