package dev.spillway.bench.pager;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.Effort;
import dev.spillway.bench.StepListener;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.Figure;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs {@link PageCopies}, each line in turns with its baseline, in JVMs of their own. A quick run stays in this JVM. */
final class PageLines {
    private static final double BOUND = 0.8;

    /**
     * A line and its baseline.
     *
     * @param bound least ratio to the baseline; 0 for a line without a bar
     */
    private record Line(String title, String method, String baseline, int pageBytes, double bound, List<Double> ours, List<Double> copies) {
        Line(String what, String method, String baseline, int pageBytes, double bound) {
            this(
                    "%s, pages of %s".formatted(what, pageBytes == 2 << 20 ? "2 MiB" : "128 KiB"),
                    method,
                    baseline,
                    pageBytes,
                    bound,
                    new ArrayList<>(),
                    new ArrayList<>());
        }
    }

    private final Effort effort;
    private final List<Line> lines = new ArrayList<>();

    PageLines(Effort effort) {
        this.effort = effort;
        for (int pageBytes : new int[]{128 << 10, 2 << 20}) {
            lines.add(new Line("read", "read", "copyOut", pageBytes, BOUND));
            lines.add(new Line("verified read", "readVerified", "copyOut", pageBytes, pageBytes == 2 << 20 ? BOUND : 0.6));
            lines.add(new Line("write", "write", "copyIn", pageBytes, BOUND));
            lines.add(new Line("write with a check", "writeChecked", "copyIn", pageBytes, 0));
        }
    }

    void measure(StepListener progress, List<Figure> figures, List<Bar> bars) {
        for (int round = 1; round <= effort.rounds(); round++) {
            for (Line line : lines) {
                progress.step("round %d of %d: %s".formatted(round, effort.rounds(), line.title()));
                line.copies().add(megabytesPerSecond(line.baseline(), line));
                line.ours().add(megabytesPerSecond(line.method(), line));
            }
        }
        for (Line line : lines) {
            double ours = Median.of(line.ours());
            double copy = Median.of(line.copies());
            figures.add(new Figure(line.title(), ours, "MB/s"));
            figures.add(new Figure(line.title() + ", copy of memory", copy, "MB/s"));
            if (line.bound() > 0) {
                bars.add(Bar.atLeast(line.title() + ", to a copy", ours, copy, line.bound()));
            }
        }
    }

    private double megabytesPerSecond(String method, Line line) {
        OptionsBuilder options = new OptionsBuilder();
        options.include(PageCopies.class.getName().replace(".", "\\.") + "\\." + method + "$")
                .param("pageBytes", Integer.toString(line.pageBytes()))
                .warmupIterations(effort.quick() ? 1 : 2)
                .warmupTime(TimeValue.milliseconds(effort.warmUp().toMillis()))
                .measurementIterations(effort.quick() ? 1 : 3)
                .measurementTime(TimeValue.milliseconds(effort.measured().toMillis() / 4))
                .forks(effort.quick() ? 0 : 1)
                .jvmArgs("-Xms256m", "-Xmx256m", "-XX:+UseParallelGC", "--sun-misc-unsafe-memory-access=allow")
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT);
        try {
            return 1e3 * line.pageBytes() / new Runner(options.build()).runSingle().getPrimaryResult().getScore();
        } catch (RunnerException e) {
            throw new BenchmarkFailedException("%s, %s: %s".formatted(line.title(), method, e), e);
        }
    }
}
