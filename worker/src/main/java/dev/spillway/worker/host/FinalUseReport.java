package dev.spillway.worker.host;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The last message of a host before an orderly stop. Reports the last reads and waits up to 3 s for the answer. Thread-safe. */
final class FinalUseReport {
    private static final Logger LOG = LoggerFactory.getLogger(FinalUseReport.class);
    private static final Duration WAITS_MAX = Duration.ofSeconds(3);

    private final CountDownLatch over = new CountDownLatch(1);
    private volatile boolean begun;

    boolean isBegun() {
        return begun;
    }

    /**
     * Waits until the host's thread has reported all reads, cannot report them, or takes too long.
     *
     * @param wake wakes the host's thread
     */
    void take(Runnable wake) {
        begun = true;
        wake.run();
        try {
            if (!over.await(WAITS_MAX.toNanos(), TimeUnit.NANOSECONDS)) {
                LOG.info("the registry was not told of the last reads within {}: the index tells of them at the next start", WAITS_MAX);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends the wait: nothing is left to report, the registry is down, or the thread ends. */
    void end() {
        over.countDown();
    }
}
