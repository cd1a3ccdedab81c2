package dev.spillway.service;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Growing delays between attempts, drawn evenly from zero to a ceiling that doubles with each failed attempt up to a cap ("full jitter"):
 * callers that failed together do not come back together. Immutable.
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

    /** The longest delay after so many failed attempts, counted from 1. */
    public Duration ceiling(int failedAttempts) {
        if (failedAttempts < 1) {
            throw new IllegalArgumentException("failedAttempts: " + failedAttempts + " (expected: 1 or more)");
        }
        var ceiling = first;
        for (int attempt = 1; attempt < failedAttempts && ceiling.compareTo(cap) < 0; attempt++) {
            // Compared with half of the cap before doubling, because a doubled Duration can overflow.
            ceiling = ceiling.compareTo(cap.dividedBy(2)) > 0 ? cap : ceiling.multipliedBy(2);
        }
        return ceiling;
    }

    /** A delay from zero up to and including {@link #ceiling}. */
    public Duration delay(int failedAttempts, RandomGenerator random) {
        var ceiling = ceiling(failedAttempts);
        var millis = ceiling.toMillis();
        return millis == 0 ? ceiling : Duration.ofMillis(random.nextLong(millis + 1));
    }
}
