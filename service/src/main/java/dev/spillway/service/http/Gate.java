package dev.spillway.service.http;

import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Bounds how many requests are worked on, and how many wait for that. Entering never blocks, so an event loop may do it; the wait is done by
 * the request's own thread, first come first served. Thread-safe.
 */
final class Gate {
    private final int places;
    private final Semaphore working;
    private final AtomicInteger inside = new AtomicInteger();

    Gate(int workingMax, int waitingMax) {
        places = workingMax + waitingMax;
        working = new Semaphore(workingMax, true);
    }

    /** Takes a place; false when all are taken. Each place taken is given back by {@link #leave}. */
    boolean enter() {
        if (inside.incrementAndGet() <= places) {
            return true;
        }
        inside.decrementAndGet();
        return false;
    }

    /** Does the work of a request that has entered, once it is its turn. */
    <T> T work(Callable<T> work) throws Exception {
        working.acquire();
        try {
            return work.call();
        } finally {
            working.release();
        }
    }

    void leave() {
        inside.decrementAndGet();
    }

    int inside() {
        return inside.get();
    }
}
