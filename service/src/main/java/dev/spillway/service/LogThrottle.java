package dev.spillway.service;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/** Rate limit for log lines whose cause others control. Thread-safe. */
public final class LogThrottle {
    private final long everyNanos;
    private final LongSupplier nanos;
    private final AtomicLong next;
    private final LongAdder heldBack = new LongAdder();

    /** @param every shortest time between two lines */
    public LogThrottle(Duration every) {
        this(every, System::nanoTime);
    }

    LogThrottle(Duration every, LongSupplier nanos) {
        this.everyNanos = every.toNanos();
        this.nanos = nanos;
        this.next = new AtomicLong(nanos.getAsLong());
    }

    /**
     * Logs a line, or only counts it if the last line was logged too recently.
     *
     * @param line logs the line; its argument is the number of suppressed lines since the last one
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
