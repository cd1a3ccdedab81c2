package dev.spillway.worker.app;

import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * The wall's time when this process started, and what passed since. Whoever sets the wall's clock changes nothing here before the next start: a host
 * whose clock was years ahead and is set right would otherwise be silent for those years, because its next heartbeat lies behind them; and a hold
 * would end early or late. Thread-safe.
 */
final class SteadyClock implements InstantSource {
    private final Instant start;
    private final LongSupplier nanos;
    private final long startNanos;

    SteadyClock() {
        this(InstantSource.system(), System::nanoTime);
    }

    /** @param nanos nanoseconds from any beginning, which never go back */
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
