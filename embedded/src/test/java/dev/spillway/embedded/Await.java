package dev.spillway.embedded;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Polls a condition until it holds; fails with its name when the deadline passes. */
final class Await {
    /** Bounds a hang. No machine is so slow that what is awaited takes longer. */
    static final Duration HANG = Duration.ofMinutes(5);

    private Await() {}

    static void until(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + HANG.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not within " + HANG + ": " + what);
            }
            LockSupport.parkNanos(5_000_000);
        }
    }
}
