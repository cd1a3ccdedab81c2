package dev.spillway.worker.host.directory;

import dev.spillway.worker.host.HostBusyException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** A cap on work that is under way at the same time. Thread-safe. */
final class Places {
    private final String setting;
    private final int all;
    private final Semaphore free;

    /** A taken place, which is free again once it is closed. */
    interface Place extends AutoCloseable {
        @Override
        void close();
    }

    /** @param setting the setting that states the cap, for messages */
    Places(String setting, int all) {
        this.setting = setting;
        this.all = all;
        this.free = new Semaphore(all);
    }

    /**
     * Takes a place.
     *
     * @throws HostBusyException if none becomes free in time
     */
    Place enter(Duration patience) throws HostBusyException, InterruptedException {
        if (!free.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS)) {
            throw new HostBusyException("as many are under way as are taken at once (%s, %d)".formatted(setting, all));
        }
        return free::release;
    }
}
