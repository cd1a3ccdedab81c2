package dev.spillway.coordinator;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Polls a condition until it holds; fails with its name when the deadline passes. */
public final class Await {
    /** Bounds a hang. No machine is so slow that what is awaited takes longer. */
    public static final Duration HANG = Duration.ofMinutes(5);

    private Await() {}

    public static void until(String what, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + HANG.toNanos();
        while (!condition.call()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not within " + HANG + ": " + what);
            }
            LockSupport.parkNanos(10_000_000);
        }
    }
}
