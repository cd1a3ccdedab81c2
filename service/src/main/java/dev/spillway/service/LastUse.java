package dev.spillway.service;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Records whether the uses of one part succeed, for readiness. The user of the part retries while it fails. The rule:
 * <ul>
 * <li>The part fails once its uses have failed for {@link #PATIENCE} without a success. So a failure that the next retry cures is never seen.
 * <li>A use that has been running for {@link #STUCK_AFTER} counts as failed from its beginning.
 * <li>The next successful use ends the failure at once.
 * <li>A failure that has not occurred again for {@link #STALE_AFTER} no longer counts: another service may have done the work since.
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

    /** A series of failures without a success between them. */
    private record Failing(long first, long last, String why) {}

    public LastUse() {
        this(System::nanoTime);
    }

    /** @param nanos monotonic clock in nanoseconds */
    LastUse(LongSupplier nanos) {
        this.nanos = nanos;
    }

    /** Records the beginning of a use that may take long. Only for parts that one thread uses. */
    public synchronized void begun() {
        begunAt = nanos.getAsLong();
    }

    /** Records the end of a use that neither succeeded nor failed. */
    public synchronized void ended() {
        begunAt = null;
    }

    public synchronized void worked() {
        begunAt = null;
        failing = null;
    }

    /** @param why reason in plain words */
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
            throw new UnusableServerException("%s, for %d s".formatted(failing.why(), Duration.ofNanos(now - failing.first()).toSeconds()));
        }
    }
}
