package dev.spillway.bench.measure;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.Effort;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** One line of a table: a load, a number of callers, and the results of each round. Not thread-safe. */
public final class Scenario {
    private final String name;
    private final String unit;
    private final long entries;
    private final int callers;
    private final Load load;
    private final List<Sample> rounds = new ArrayList<>();

    /**
     * Creates a line without results.
     *
     * @param unit    unit of the operations, such as {@code puts}
     * @param entries number of entries on which it works
     */
    public Scenario(String name, String unit, long entries, int callers, Load load) {
        this.name = name;
        this.unit = unit;
        this.entries = entries;
        this.callers = callers;
        this.load = load;
    }

    public String title() {
        return "%s, %,d entries, %,d callers".formatted(name, entries, callers);
    }

    /** Runs without measuring, so that no line is measured with code that never ran before. */
    public void warm(Effort effort) throws InterruptedException {
        ClosedLoop.run(load, callers, Duration.ZERO, effort.warmUp());
    }

    /**
     * Measures one more round.
     *
     * @throws BenchmarkFailedException if nothing was done in it
     */
    public void measure(Effort effort) throws InterruptedException {
        add(ClosedLoop.run(load, callers, effort.warmUp(), effort.measured()));
    }

    /** As {@link #measure(Effort)}, as long as what goes on beside the callers. */
    public void measure(Effort effort, ClosedLoop.Work beside) throws InterruptedException {
        add(ClosedLoop.beside(beside, load, callers, effort.warmUp()));
    }

    private void add(Sample sample) {
        if (sample.operations() == 0) {
            throw new BenchmarkFailedException("%s: nothing done, %,d refused".formatted(title(), sample.refused()));
        }
        rounds.add(sample);
    }

    /** Returns the median of all rounds. */
    public double perSecond() {
        return median(Sample::perSecond);
    }

    public Result result() {
        return new Result(
                name,
                unit,
                entries,
                callers,
                perSecond(),
                median(Sample::p50Micros),
                median(Sample::p99Micros),
                median(Sample::p999Micros),
                rounds.stream().mapToLong(Sample::operations).sum(),
                rounds.stream().mapToLong(Sample::refused).sum(),
                rounds.stream().map(Sample::perSecond).toList());
    }

    private double median(ToDoubleFunction<Sample> figure) {
        double[] sorted = rounds.stream().mapToDouble(figure).sorted().toArray();
        if (sorted.length == 0) {
            throw new IllegalStateException("rounds of " + title() + ": 0 (expected: 1 or more)");
        }
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
