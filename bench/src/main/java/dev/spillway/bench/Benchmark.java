package dev.spillway.bench;

import dev.spillway.bench.measure.Report;

/** One benchmark, with its baselines in the same run. */
public interface Benchmark {
    /** What it is called on the command line. */
    String name();

    /** What it measures, in one line. */
    String description();

    /**
     * Measures, and leaves nothing behind. A missed bar is a result like any other.
     *
     * @throws BenchmarkFailedException if something else was measured than what was meant
     * @throws InterruptedException     if the thread was interrupted; everything that was started is stopped
     */
    Report run(Effort effort, Progress progress) throws InterruptedException;
}
