package dev.spillway.worker.http;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Caps the heap that pages and states take on their way between clients and pagers. Thread-safe. */
final class PageRoom {
    private static final int UNIT = 1024;

    private final int units;
    private final Duration patience;
    private final Semaphore free;

    /** Room that is taken. */
    interface Taken extends AutoCloseable {
        @Override
        void close();
    }

    /** @param patience longest wait of a request for room */
    PageRoom(long bytes, Duration patience) {
        this.units = Math.toIntExact(Math.clamp(bytes / UNIT, 1, Integer.MAX_VALUE));
        this.patience = patience;
        this.free = new Semaphore(units, true);
    }

    /** Waits for room; a request for more than the whole room waits until all of it is free. Refuses the request if that takes too long. */
    Taken take(long bytes) throws InterruptedException {
        int wanted = Math.toIntExact(Math.min(units, bytes / UNIT + 1));
        if (!free.tryAcquire(wanted, patience.toMillis(), TimeUnit.MILLISECONDS)) {
            throw Problem.of(ProblemType.OVERLOADED, "pages: as many bytes as fit are on their way")
                    .retryAfter(Duration.ofSeconds(1))
                    .exception();
        }
        return () -> free.release(wanted);
    }
}
