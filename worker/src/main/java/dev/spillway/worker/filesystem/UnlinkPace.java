package dev.spillway.worker.filesystem;

import dev.spillway.service.Reachability.Sleeper;
import java.io.IOException;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How fast a host unlinks, all its unlinkers together, so that those who read meanwhile keep their disk. Each removed entry is paid for by waiting
 * before the next one, so a single file goes at once whatever its size, and what was not used for a while is a small credit: a small tree never waits.
 * While the disk is short of space nobody waits. Safe for use by many threads; none holds a lock while it waits.
 */
public final class UnlinkPace {
    /** What a pace that was not used for this long lets go at once. */
    static final Duration CREDIT_MAX = Duration.ofMillis(250);
    /** A thread does not sleep for less: shorter waits are owed until they add up. */
    static final Duration WAIT_MIN = Duration.ofMillis(2);
    /** How long one waits at most before the disk is looked at again. */
    static final Duration LOOK_AGAIN = Duration.ofMillis(100);
    private static final double NANOS_PER_SECOND = 1e9;

    private final Rates rates;
    private final Pressure pressure;
    private final LongSupplier nanoTime;
    private final Sleeper sleeper;
    private final long startedAt;
    /** When all that was let go so far is paid for, in nanoseconds since the start, by each of the two rates. */
    private long entriesPaidAt = -CREDIT_MAX.toNanos();
    private long bytesPaidAt = -CREDIT_MAX.toNanos();

    /**
     * The bounds.
     *
     * @param entriesPerSecond names removed, of files and directories; 0 for no bound
     * @param bytesPerSecond   allocated blocks freed; 0 for no bound
     */
    public record Rates(long entriesPerSecond, long bytesPerSecond) {
        /** What a worker does unless told otherwise; see docs/benchmarks.md. */
        public static final Rates DEFAULTS = new Rates(5_000, 256L << 20);
        /** No bound at all. */
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

    /** Whether the disk needs what deletions free more than its readers need their speed. */
    @FunctionalInterface
    public interface Pressure {
        boolean isHigh() throws IOException;
    }

    /** By a clock and a way to wait that the caller gives. */
    public UnlinkPace(Rates rates, Pressure pressure, LongSupplier nanoTime, Sleeper sleeper) {
        this.rates = rates;
        this.pressure = pressure;
        this.nanoTime = nanoTime;
        this.sleeper = sleeper;
        this.startedAt = nanoTime.getAsLong();
    }

    /** By the system's clock. */
    public static UnlinkPace of(Rates rates, Pressure pressure) {
        return new UnlinkPace(rates, pressure, System::nanoTime, Thread::sleep);
    }

    /** As fast as the file system is. */
    public static UnlinkPace none() {
        return of(Rates.NONE, () -> false);
    }

    /**
     * Waits until the next entry may be removed.
     *
     * @param bytes that its removal frees
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

    /** When what was let go before is paid for, which is the turn of this entry. */
    private synchronized long take(long bytes) {
        long turn = Math.max(entriesPaidAt, bytesPaidAt);
        long least = now() - CREDIT_MAX.toNanos();
        entriesPaidAt = Math.max(entriesPaidAt, least) + price(1, rates.entriesPerSecond());
        bytesPaidAt = Math.max(bytesPaidAt, least) + price(bytes, rates.bytesPerSecond());
        return turn;
    }

    /** What goes while the disk is short of space is not owed by what comes afterwards. */
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
