package dev.spillway.coordinator.postgres.statement;

import dev.spillway.registry.RegistryBusyException;
import dev.spillway.registry.RegistryUnavailableException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Caps the number of callers that use the shared connections, so that some connections are left for the coordinator's own work. A bounded number of
 * further callers wait for a bounded time. Thread-safe.
 */
public final class CallerLimit {
    private final Semaphore free;
    private final int waitingMax;
    private final Duration patience;

    /**
     * @param atOnce     number of callers at once, 1 or more
     * @param waitingMax number of callers that may wait
     * @param patience   time for which each of them waits
     */
    public CallerLimit(int atOnce, int waitingMax, Duration patience) {
        this.free = new Semaphore(atOnce, true);
        this.waitingMax = waitingMax;
        this.patience = patience;
    }

    /**
     * Runs {@code work} once a place is free, and returns its result.
     *
     * @param what name of the work, for messages
     * @throws RegistryBusyException        if no place became free in time, or too many callers wait already
     * @throws RegistryUnavailableException if the thread was interrupted while it waited
     */
    public <T> T admit(String what, Supplier<T> work) {
        if (free.getQueueLength() >= waitingMax) {
            throw new RegistryBusyException(what + " was not begun: " + waitingMax + " wait already");
        }
        try {
            if (!free.tryAcquire(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new RegistryBusyException(what + " was not begun: others kept the database busy for " + patience);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RegistryUnavailableException(what + " was interrupted before it was begun", e);
        }
        try {
            return work.get();
        } finally {
            free.release();
        }
    }
}
