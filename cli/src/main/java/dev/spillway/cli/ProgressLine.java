package dev.spillway.cli;

import java.time.Duration;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;

/** Shows the progress of long work, its rate, and the remaining time at that rate. Not thread-safe. */
public final class ProgressLine {
    /** Shortest time from which a rate is computed. */
    private static final long RATE_NANOS_MIN = Duration.ofSeconds(1).toNanos();

    private final Console console;
    private final LongFunction<String> unit;
    private final LongSupplier nanoTime;
    private final long begin;

    /** @param unit formats an amount, such as a number of bytes */
    public ProgressLine(Console console, LongFunction<String> unit) {
        this(console, unit, System::nanoTime);
    }

    ProgressLine(Console console, LongFunction<String> unit, LongSupplier nanoTime) {
        this.console = console;
        this.unit = unit;
        this.nanoTime = nanoTime;
        begin = nanoTime.getAsLong();
    }

    /** Shows an amount without a known total. */
    public void show(String what, long done) {
        show(what, done, -1);
    }

    /** @param total total amount; -1 if it is not known */
    public void show(String what, long done, long total) {
        long nanos = nanoTime.getAsLong() - begin;
        StringBuilder line = new StringBuilder(what).append(' ').append(unit.apply(done));
        if (total >= 0) {
            line.append(" of ").append(unit.apply(total));
        }
        if (nanos >= RATE_NANOS_MIN && done > 0) {
            double perSecond = done * 1e9 / nanos;
            line.append(", ").append(unit.apply(Math.round(perSecond))).append(" a second");
            if (total > done) {
                line.append(", ").append(span(Math.round((total - done) / perSecond))).append(" left");
            }
        }
        console.progress(line.toString());
    }

    private static String span(long seconds) {
        return seconds < 120 ? seconds + " s" : seconds < 7_200 ? seconds / 60 + " min" : seconds / 3_600 + " h";
    }

    /** Shows the elapsed time of work whose progress is not known. */
    public void showTime(String what) {
        console.progress(what + ", " + span((nanoTime.getAsLong() - begin) / 1_000_000_000));
    }

    /** Clears the progress. */
    public void end() {
        console.progressEnded();
    }
}
