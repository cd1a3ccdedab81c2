package dev.spillway.bench.measure;

import dev.spillway.bench.BenchmarkFailedException;

/** What is measured: operations for any number of callers, and a check that they did what they are measured for. */
public interface Load {
    /** Before each run, while nothing is measured. */
    default void prepare() {}

    /** An operation for one caller, which closes it. */
    Operation caller(int number);

    /**
     * After each run, when all callers have ended.
     *
     * @param done operations that were done since {@link #prepare()}, warm-up included
     * @throws BenchmarkFailedException if what they should have left is not there
     */
    void verify(long done) throws InterruptedException;
}
