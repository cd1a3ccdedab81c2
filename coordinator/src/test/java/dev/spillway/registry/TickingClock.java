package dev.spillway.registry;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.atomic.AtomicReference;

/** The time of day in microseconds, never the same twice, as the transactions of a database see it. */
public final class TickingClock implements InstantSource {
    private final AtomicReference<Instant> last = new AtomicReference<>(Instant.EPOCH);
    private final AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ZERO);

    /** Goes ahead of the time of day by so much more. */
    public void pass(Duration time) {
        ahead.updateAndGet(time::plus);
    }

    @Override
    public Instant instant() {
        Instant now = InstantSource.system().instant().plus(ahead.get()).truncatedTo(ChronoUnit.MICROS);
        return last.updateAndGet(before -> now.isAfter(before) ? now : before.plus(1, ChronoUnit.MICROS));
    }
}
