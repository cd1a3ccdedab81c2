package dev.spillway.service;

import java.time.Duration;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class BackoffTest {
    private final Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofMillis(1500));

    @Test
    void theCeilingDoublesUpToTheCap() {
        assertThat(IntStream.rangeClosed(1, 7).mapToObj(attempt -> backoff.ceiling(attempt).toMillis())).containsExactly(
                100L,
                200L,
                400L,
                800L,
                1500L,
                1500L,
                1500L);
        assertThat(new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(Long.MAX_VALUE)).ceiling(Integer.MAX_VALUE))
                .isEqualTo(Duration.ofSeconds(Long.MAX_VALUE));
    }

    @Test
    void delaysFillTheWholeRangeUpToTheCeiling() {
        var random = new Random(42);
        var delays = IntStream.range(0, 10_000).mapToLong(draw -> backoff.delay(3, random).toMillis()).summaryStatistics();
        assertThat(delays.getMin()).isZero();
        assertThat(delays.getMax()).isEqualTo(400);
        assertThat(delays.getAverage()).isBetween(190.0, 210.0);
    }

    @Test
    void boundsThatMakeNoSenseAreRefused() {
        assertThatThrownBy(() -> new Backoff(Duration.ZERO, Duration.ofSeconds(1))).hasMessage("first: PT0S (expected: more than zero)");
        assertThatThrownBy(() -> new Backoff(Duration.ofSeconds(2), Duration.ofSeconds(1)))
                .hasMessage("cap: PT1S (expected: PT2S or more)");
        assertThatThrownBy(() -> backoff.ceiling(0)).hasMessage("failedAttempts: 0 (expected: 1 or more)");
    }
}
