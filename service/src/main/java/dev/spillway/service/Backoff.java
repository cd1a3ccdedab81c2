package dev.spillway.service;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Exponential backoff with full jitter. Each delay is drawn evenly from zero to a ceiling, which doubles with each failed attempt up to a cap. So
 * callers that failed at the same time do not retry at the same time. Immutable.
 *
 * @param first ceiling of the delay after the first failed attempt; more than zero
 * @param cap ceiling that no delay exceeds; {@code first} or more
 */
public record Backoff(Duration first, Duration cap) {

    public Backoff {
        if (!first.isPositive()) {
            throw new IllegalArgumentException("first: " + first + " (expected: more than zero)");
        }
        if (cap.compareTo(first) < 0) {
            throw new IllegalArgumentException("cap: " + cap + " (expected: " + first + " or more)");
        }
    }

    /** Returns the longest delay after this number of failed attempts, counted from 1. */
    public Duration ceiling(int failedAttempts) {
        if (failedAttempts < 1) {
            throw new IllegalArgumentException("failedAttempts: " + failedAttempts + " (expected: 1 or more)");
        }
        var ceiling = first;
        for (int attempt = 1; attempt < failedAttempts && ceiling.compareTo(cap) < 0; attempt++) {
            // The ceiling is compared with half of the cap before it is doubled, because a doubled Duration can overflow.
            ceiling = ceiling.compareTo(cap.dividedBy(2)) > 0 ? cap : ceiling.multipliedBy(2);
        }
        return ceiling;
    }

    /** Returns a delay from zero up to and including {@link #ceiling}. */
    public Duration delay(int failedAttempts, RandomGenerator random) {
        var ceiling = ceiling(failedAttempts);
        var millis = ceiling.toMillis();
        return millis == 0 ? ceiling : Duration.ofMillis(random.nextLong(millis + 1));
    }
}
