package dev.spillway.service;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class LogThrottleTest {
    @Test
    void oneLinePerIntervalTellsHowManyWereHeldBack() {
        AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1);
        LogThrottle throttle = new LogThrottle(Duration.ofSeconds(10), nanos::get);
        List<Long> told = new ArrayList<>();
        throttle.log(told::add);
        throttle.log(told::add);
        throttle.log(told::add);
        assertThat(told).containsExactly(0L);
        nanos.addAndGet(Duration.ofSeconds(10).toNanos());
        throttle.log(told::add);
        nanos.addAndGet(Duration.ofSeconds(10).toNanos());
        throttle.log(told::add);
        assertThat(told).containsExactly(0L, 2L, 0L);
    }
}
