package dev.spillway.bench;

import dev.spillway.events.InvalidValueException;
import java.time.Duration;

/**
 * How much to measure.
 *
 * @param quick    everything runs, small and short; the figures mean nothing
 * @param rounds   how often each line of the table is measured; the lines take turns, so that what the machine does besides hits all of them
 * @param warmUp   how long each line runs before it is measured
 * @param measured how long it is measured
 * @param longRun  how long a line runs that shows what time does to it
 */
public record Effort(boolean quick, int rounds, Duration warmUp, Duration measured, Duration longRun) {
    public static final int LONG_RUN_MINUTES_MAX = 10;
    /** A whole benchmark takes no longer. */
    public static final Duration TOTAL_MAX = Duration.ofMinutes(20);

    /** For figures. */
    public static Effort full(int longRunMinutes) {
        if (longRunMinutes < 1 || longRunMinutes > LONG_RUN_MINUTES_MAX) {
            throw new InvalidValueException("--minutes", longRunMinutes, "1 to " + LONG_RUN_MINUTES_MAX);
        }
        return new Effort(false, 3, Duration.ofSeconds(1), Duration.ofSeconds(4), Duration.ofMinutes(longRunMinutes));
    }

    /** To see that everything works. */
    public static Effort ofQuick() {
        return new Effort(true, 1, Duration.ofMillis(200), Duration.ofMillis(600), Duration.ofSeconds(5));
    }
}
