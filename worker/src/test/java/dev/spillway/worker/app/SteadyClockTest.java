package dev.spillway.worker.app;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

final class SteadyClockTest {
    private static final Instant START = Instant.parse("2034-01-01T00:00:00Z");

    @Test
    void whatPassesCountsAndNotWhatTheWallIsSetTo() {
        AtomicReference<Instant> wall = new AtomicReference<>(START);
        AtomicLong nanos = new AtomicLong(-7);
        SteadyClock clock = new SteadyClock(wall::get, nanos::get);
        assertThat(clock.instant()).isEqualTo(START);
        wall.set(START.minus(Duration.ofDays(3_000)));
        nanos.addAndGet(Duration.ofSeconds(5).toNanos());
        assertThat(clock.instant()).isEqualTo(START.plusSeconds(5));
    }
}
