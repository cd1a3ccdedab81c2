package dev.spillway.cli.client;

import java.time.Duration;

/** Paces a poll with a time limit: short pauses at first, then one second. Not thread-safe. */
final class Patience {
    private static final Duration AT_MOST = Duration.ofSeconds(1);

    private final long deadline;
    private Duration pause = Duration.ofMillis(50);

    Patience(Duration inAll) {
        deadline = System.nanoTime() + inAll.toNanos();
    }

    boolean isOver() {
        return System.nanoTime() >= deadline;
    }

    /** Waits until the next poll, or until the time is over. */
    void awaitNextLook() throws InterruptedException {
        long left = Math.max(0, deadline - System.nanoTime());
        Thread.sleep(Math.min(pause.toMillis(), left / 1_000_000 + 1));
        pause = pause.multipliedBy(2).compareTo(AT_MOST) < 0 ? pause.multipliedBy(2) : AT_MOST;
    }
}
