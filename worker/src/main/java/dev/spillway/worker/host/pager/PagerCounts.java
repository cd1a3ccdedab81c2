package dev.spillway.worker.host.pager;

import java.util.concurrent.atomic.LongAdder;

/** Counts of what was done with one pager. Thread-safe. */
public final class PagerCounts {
    private final LongAdder captures = new LongAdder();
    private final LongAdder capturesFailed = new LongAdder();
    private final LongAdder restores = new LongAdder();
    private final LongAdder restoresFailed = new LongAdder();
    private final LongAdder pauses = new LongAdder();
    private final LongAdder pauseNanos = new LongAdder();

    void captured(boolean stored) {
        (stored ? captures : capturesFailed).increment();
    }

    void restored(boolean done) {
        (done ? restores : restoresFailed).increment();
    }

    void paused(long nanos) {
        pauses.increment();
        pauseNanos.add(nanos);
    }

    /** Returns the number of captures that became entries. */
    public long captures() {
        return captures.sum();
    }

    public long capturesFailed() {
        return capturesFailed.sum();
    }

    /** Returns the number of restores whose sequences were installed. */
    public long restores() {
        return restores.sum();
    }

    public long restoresFailed() {
        return restoresFailed.sum();
    }

    /** Returns the number of times that a capture stopped writes. */
    public long pauses() {
        return pauses.sum();
    }

    public long pauseNanos() {
        return pauseNanos.sum();
    }
}
