package dev.spillway.worker.filesystem.unlink;

import dev.spillway.service.Reachability.Sleeper;
import java.io.IOException;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Limits the rate at which all threads of a host together unlink, so that readers can use the disk. The wait for each removed entry comes before the
 * next one, so a single file is unlinked at once whatever its size. Unused time counts as a small credit, so a small tree does not wait after a
 * pause. While the disk is short of space there is no limit. Thread-safe; no thread holds a lock while it waits.
 */
public final class UnlinkPace {
    /** Longest unused time that counts as credit. */
    static final Duration CREDIT_MAX = Duration.ofMillis(250);
    /** Shortest sleep. Shorter waits add up until they reach it. */
    static final Duration WAIT_MIN = Duration.ofMillis(2);
    /** Longest wait before free space is checked again. */
    static final Duration LOOK_AGAIN = Duration.ofMillis(100);
    private static final double NANOS_PER_SECOND = 1e9;

    private final Rates rates;
    private final Pressure pressure;
    private final LongSupplier nanoTime;
    private final Sleeper sleeper;
    private final long startedAt;
    /** Times at which the waits for everything unlinked so far are over, by each of the two rates, in nanoseconds since the start. */
    private long entriesPaidAt = -CREDIT_MAX.toNanos();
    private long bytesPaidAt = -CREDIT_MAX.toNanos();

    /**
     * The bounds.
     *
     * @param entriesPerSecond names removed, of files and directories; 0 for no bound
     * @param bytesPerSecond   allocated blocks freed; 0 for no bound
     */
    public record Rates(long entriesPerSecond, long bytesPerSecond) {
        /** Default rates of a worker; see docs/benchmarks.md. */
        public static final Rates DEFAULTS = new Rates(5_000, 256L << 20);
        /** Rates without limits. */
        public static final Rates NONE = new Rates(0, 0);

        public Rates {
            require("entriesPerSecond", entriesPerSecond);
            require("bytesPerSecond", bytesPerSecond);
        }

        private static void require(String name, long rate) {
            if (rate < 0) {
                throw new IllegalArgumentException("%s: %d (expected: 0 or more)".formatted(name, rate));
            }
        }
    }

    /** Tells whether the disk needs free space more than its readers need speed. */
    @FunctionalInterface
    public interface Pressure {
        boolean isHigh() throws IOException;
    }

    /** Creates a limit with the caller's clock and way to wait. */
    public UnlinkPace(Rates rates, Pressure pressure, LongSupplier nanoTime, Sleeper sleeper) {
        this.rates = rates;
        this.pressure = pressure;
        this.nanoTime = nanoTime;
        this.sleeper = sleeper;
        this.startedAt = nanoTime.getAsLong();
    }

    /** Creates a limit with the system's clock. */
    public static UnlinkPace of(Rates rates, Pressure pressure) {
        return new UnlinkPace(rates, pressure, System::nanoTime, Thread::sleep);
    }

    /** Creates a limit that never waits. */
    public static UnlinkPace none() {
        return of(Rates.NONE, () -> false);
    }

    /**
     * Waits until the next entry may be removed.
     *
     * @param bytes bytes freed by its removal
     * @throws IOException when the disk does not say what is free
     */
    void await(long bytes) throws IOException, InterruptedException {
        if (rates.equals(Rates.NONE)) {
            return;
        }
        long turn = take(bytes);
        long left = turn - now();
        while (left >= WAIT_MIN.toNanos()) {
            if (pressure.isHigh()) {
                forgive();
                return;
            }
            sleeper.sleep(Duration.ofNanos(Math.min(left, LOOK_AGAIN.toNanos())));
            left = turn - now();
        }
    }

    /** Returns the time at which this entry may be removed, when the waits for all entries before it are over. */
    private synchronized long take(long bytes) {
        long turn = Math.max(entriesPaidAt, bytesPaidAt);
        long least = now() - CREDIT_MAX.toNanos();
        entriesPaidAt = Math.max(entriesPaidAt, least) + price(1, rates.entriesPerSecond());
        bytesPaidAt = Math.max(bytesPaidAt, least) + price(bytes, rates.bytesPerSecond());
        return turn;
    }

    /** Cancels the waits for entries that were unlinked while the disk was short of space. */
    private synchronized void forgive() {
        long now = now();
        entriesPaidAt = Math.min(entriesPaidAt, now);
        bytesPaidAt = Math.min(bytesPaidAt, now);
    }

    private static long price(long count, long perSecond) {
        return perSecond == 0 ? 0 : (long) (count * NANOS_PER_SECOND / perSecond);
    }

    private long now() {
        return nanoTime.getAsLong() - startedAt;
    }
}
