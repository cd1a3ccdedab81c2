package dev.spillway.bench;

import dev.spillway.events.InvalidValueException;
import java.time.Duration;

/**
 * The extent of a measurement.
 *
 * @param quick    whether everything runs only small and short, so that the figures mean nothing
 * @param rounds   number of measurements of each line of the table; the lines take turns, so that other load on the machine affects all of them
 * @param warmUp   time for which each line runs before it is measured
 * @param measured time of one measurement
 * @param longRun  length of a long run, which shows changes over time
 */
public record Effort(boolean quick, int rounds, Duration warmUp, Duration measured, Duration longRun) {
    public static final int LONG_RUN_MINUTES_MAX = 10;
    /** Upper bound on the time of a whole benchmark. */
    public static final Duration TOTAL_MAX = Duration.ofMinutes(20);

    /** Returns the extent of a run whose figures count. */
    public static Effort full(int longRunMinutes) {
        if (longRunMinutes < 1 || longRunMinutes > LONG_RUN_MINUTES_MAX) {
            throw new InvalidValueException("--minutes", longRunMinutes, "1 to " + LONG_RUN_MINUTES_MAX);
        }
        return new Effort(false, 3, Duration.ofSeconds(1), Duration.ofSeconds(4), Duration.ofMinutes(longRunMinutes));
    }

    /** Returns the extent of a run that only shows that everything works. */
    public static Effort ofQuick() {
        return new Effort(true, 1, Duration.ofMillis(200), Duration.ofMillis(600), Duration.ofSeconds(5));
    }
}
