package dev.spillway.bench.artifacts;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.Effort;
import dev.spillway.bench.StepListener;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.Figure;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs {@link MemoryHits}, each line in turns with its baseline, in JVMs of their own. A quick run stays in this JVM. */
final class MemoryLines {
    private static final String ALLOCATED = "gc.alloc.rate.norm";
    private static final double BOUND = 1.5;
    /** Upper bound on allocated bytes per hit, above what the profiler itself allocates. */
    private static final double ALLOCATED_MAX = 0.05;

    private record Line(MemoryHits.Limit limit, int threads, List<RunResult> ours, List<RunResult> caffeine) {
        String title() {
            return "hit in memory, full by %s, %d thread%s".formatted(
                    limit == MemoryHits.Limit.ENTRIES ? "entries" : "weight",
                    threads,
                    threads == 1 ? "" : "s");
        }
    }

    private final Effort effort;
    private final List<Line> lines = new ArrayList<>();

    MemoryLines(Effort effort) {
        this.effort = effort;
        for (MemoryHits.Limit limit : MemoryHits.Limit.values()) {
            for (int threads : new int[]{1, 2}) {
                lines.add(new Line(limit, threads, new ArrayList<>(), new ArrayList<>()));
            }
        }
    }

    void measure(StepListener progress, List<Figure> figures, List<Bar> bars) {
        for (int round = 1; round <= effort.rounds(); round++) {
            for (Line line : lines) {
                progress.step("round %d of %d: %s".formatted(round, effort.rounds(), line.title()));
                line.caffeine().add(run("caffeine", line));
                line.ours().add(run("spillway", line));
            }
        }
        double allocatedMost = 0;
        for (Line line : lines) {
            double ours = nanos(line.ours());
            double caffeine = nanos(line.caffeine());
            figures.add(new Figure(line.title(), ours, "ns"));
            figures.add(new Figure(line.title() + ", Caffeine", caffeine, "ns"));
            bars.add(Bar.atMost("time of a " + line.title() + ", to Caffeine", ours, caffeine, BOUND));
            for (RunResult run : line.ours()) {
                allocatedMost = Math.max(allocatedMost, Objects.requireNonNull(run.getSecondaryResults().get(ALLOCATED)).getScore());
            }
        }
        bars.add(Bar.atMost("bytes allocated per hit in memory", allocatedMost, ALLOCATED_MAX));
    }

    private static double nanos(List<RunResult> runs) {
        double[] sorted = runs.stream().mapToDouble(run -> run.getPrimaryResult().getScore()).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    private RunResult run(String store, Line line) {
        OptionsBuilder options = new OptionsBuilder();
        options.include(MemoryHits.class.getName().replace(".", "\\.") + "\\." + store + "$")
                .param("limit", line.limit().name())
                .threads(line.threads())
                .warmupIterations(effort.quick() ? 1 : 3)
                .warmupTime(time(effort.quick() ? effort.warmUp().toMillis() : 1_000))
                .measurementIterations(effort.quick() ? 1 : 4)
                .measurementTime(time(effort.quick() ? effort.measured().toMillis() : effort.measured().toMillis() / 4))
                .forks(effort.quick() ? 0 : 1)
                .jvmArgs("-Xms1g", "-Xmx1g", "-XX:+UseG1GC", "--sun-misc-unsafe-memory-access=allow")
                .addProfiler(GCProfiler.class)
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT);
        try {
            return new Runner(options.build()).runSingle();
        } catch (RunnerException e) {
            throw new BenchmarkFailedException("%s, %s: %s".formatted(line.title(), store, e), e);
        }
    }

    private static TimeValue time(long millis) {
        return TimeValue.milliseconds(millis);
    }
}
