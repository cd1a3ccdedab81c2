package dev.spillway.service;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/** Bounds how often something is logged that others can make happen at any rate. Thread-safe. */
public final class LogThrottle {
    private final long everyNanos;
    private final LongSupplier nanos;
    private final AtomicLong next;
    private final LongAdder heldBack = new LongAdder();

    /** @param every the least time between two lines */
    public LogThrottle(Duration every) {
        this(every, System::nanoTime);
    }

    LogThrottle(Duration every, LongSupplier nanos) {
        this.everyNanos = every.toNanos();
        this.nanos = nanos;
        this.next = new AtomicLong(nanos.getAsLong());
    }

    /**
     * Logs, or counts what it does not log.
     *
     * @param line logs, and is told how many were held back since the last one
     */
    public void log(LongConsumer line) {
        long now = nanos.getAsLong();
        long due = next.get();
        if (now - due >= 0 && next.compareAndSet(due, now + everyNanos)) {
            line.accept(heldBack.sumThenReset());
        } else {
            heldBack.increment();
        }
    }
}
