package dev.spillway.worker.app;

import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * The wall clock at the start of this process, plus the time elapsed since. So a change of the wall clock has no effect before the next start.
 * Otherwise a host whose clock was years ahead and is set right would send no heartbeat for years, and holds would end early or late. Thread-safe.
 */
final class SteadyClock implements InstantSource {
    private final Instant start;
    private final LongSupplier nanos;
    private final long startNanos;

    SteadyClock() {
        this(InstantSource.system(), System::nanoTime);
    }

    /** @param nanos nanoseconds since any moment, never decreasing */
    SteadyClock(InstantSource wall, LongSupplier nanos) {
        this.start = wall.instant();
        this.nanos = nanos;
        this.startNanos = nanos.getAsLong();
    }

    @Override
    public Instant instant() {
        return start.plusNanos(nanos.getAsLong() - startNanos);
    }
}
