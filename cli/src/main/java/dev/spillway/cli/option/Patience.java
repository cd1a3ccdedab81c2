package dev.spillway.cli.option;

import java.time.Duration;

/** Paces a poll with a time limit: short pauses at first, then one second. Not thread-safe. */
public final class Patience {
    private static final Duration AT_MOST = Duration.ofSeconds(1);

    private final long deadline;
    private Duration pause = Duration.ofMillis(50);

    public Patience(Duration inAll) {
        deadline = System.nanoTime() + inAll.toNanos();
    }

    public boolean isOver() {
        return System.nanoTime() >= deadline;
    }

    /** Waits until the next poll, or until the time is over. */
    public void awaitNextLook() throws InterruptedException {
        long left = Math.max(0, deadline - System.nanoTime());
        Thread.sleep(Math.min(pause.toMillis(), left / 1_000_000 + 1));
        pause = pause.multipliedBy(2).compareTo(AT_MOST) < 0 ? pause.multipliedBy(2) : AT_MOST;
    }
}
