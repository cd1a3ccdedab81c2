package dev.spillway.bench.measure;

import dev.spillway.bench.BenchmarkFailedException;

/** A measured load: operations for any number of callers, and a check that they did their work. */
public interface Load {
    /** Prepares a run. Called before each run, outside of the measurement. */
    default void prepare() {}

    /** Returns an operation for one caller, which closes it. */
    MeasuredOperation caller(int number);

    /**
     * Verifies a run. Called after each run, when all callers have ended.
     *
     * @param done number of operations since {@link #prepare()}, including warm-up
     * @throws BenchmarkFailedException if their expected effects are missing
     */
    void verify(long done) throws InterruptedException;
}
