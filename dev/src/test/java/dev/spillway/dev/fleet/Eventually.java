package dev.spillway.dev.fleet;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/**
 * Repeats a check until it holds, and fails with its last failure when the time is over. An {@link IllegalStateException} means that it will never
 * hold, and ends the wait.
 */
final class Eventually {
    /** Bounds a hang. No machine is so slow that what is awaited takes longer. */
    static final Duration HANG = Duration.ofMinutes(5);

    private static final long PAUSE_NANOS = Duration.ofMillis(25).toNanos();

    private Eventually() {}

    /** @param check throws as long as it does not hold */
    static void holds(Duration within, ThrowingCallable check) {
        long deadline = System.nanoTime() + within.toNanos();
        while (true) {
            try {
                check.call();
                return;
            } catch (IllegalStateException e) {
                throw e;
            } catch (Throwable e) {
                if (System.nanoTime() >= deadline) {
                    throw new AssertionError("not within " + within + ": " + e.getMessage(), e);
                }
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }
}
