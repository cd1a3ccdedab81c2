package dev.spillway.service;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Remembers how the uses of one part went, for readiness. Whoever uses the part tries again by itself while it fails. The rule:
 * <ul>
 * <li>The part fails once its uses have failed over {@link #PATIENCE}, with none between them that worked. So one failure that a retry mends is
 * never seen.
 * <li>A use that has been under way for {@link #STUCK_AFTER} counts as one that failed all that time.
 * <li>The next use that works ends the failure at once.
 * <li>A failure that nobody has met again for {@link #STALE_AFTER} says nothing any more: another service may have done the work since.
 * </ul>
 * Thread-safe.
 */
public final class LastUse {
    public static final Duration PATIENCE = Duration.ofSeconds(3);
    public static final Duration STUCK_AFTER = Duration.ofSeconds(5);
    public static final Duration STALE_AFTER = Duration.ofSeconds(30);

    private final LongSupplier nanos;
    private @Nullable Long begunAt;
    private @Nullable Failing failing;

    /** Failures without a use between them that worked. */
    private record Failing(long first, long last, String why) {}

    public LastUse() {
        this(System::nanoTime);
    }

    /** @param nanos nanoseconds from any beginning, which never go back */
    LastUse(LongSupplier nanos) {
        this.nanos = nanos;
    }

    /** A use begins that may take long. Only for parts that are used by one thread. */
    public synchronized void begun() {
        begunAt = nanos.getAsLong();
    }

    /** The use that began told nothing of the part. */
    public synchronized void ended() {
        begunAt = null;
    }

    public synchronized void worked() {
        begunAt = null;
        failing = null;
    }

    /** @param why in words for people */
    public synchronized void failed(String why) {
        long now = nanos.getAsLong();
        long from = begunAt == null ? now : begunAt;
        failing = new Failing(failing == null ? from : failing.first(), now, why);
        begunAt = null;
    }

    /** @throws UnusableServerException if the part fails, saying why and for how long */
    public synchronized void requireWorking() throws UnusableServerException {
        long now = nanos.getAsLong();
        if (begunAt != null && now - begunAt >= STUCK_AFTER.toNanos()) {
            throw new UnusableServerException("no answer for %d s".formatted(Duration.ofNanos(now - begunAt).toSeconds()));
        }
        if (failing != null && failing.last() - failing.first() >= PATIENCE.toNanos() && now - failing.last() < STALE_AFTER.toNanos()) {
            throw new UnusableServerException(
                    "%s, for %d s".formatted(failing.why(), Duration.ofNanos(now - failing.first()).toSeconds()));
        }
    }
}
