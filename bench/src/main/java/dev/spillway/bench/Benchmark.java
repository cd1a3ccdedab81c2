package dev.spillway.bench;

import dev.spillway.bench.measure.BenchReport;

/** One benchmark, with its baselines in the same run. */
public interface Benchmark {
    /** Returns its name on the command line. */
    String name();

    /** Returns a description in one line. */
    String description();

    /**
     * Runs the benchmark, and removes everything that it created. A missed bar is a normal result.
     *
     * @throws BenchmarkFailedException if the run did not measure what it was meant to
     * @throws InterruptedException     if the thread was interrupted; everything that was started is stopped
     */
    BenchReport run(Effort effort, StepListener progress) throws InterruptedException;
}
