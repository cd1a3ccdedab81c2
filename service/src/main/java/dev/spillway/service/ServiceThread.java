package dev.spillway.service;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A thread that works for a service until the service stops. Does not keep the process alive. Thread-safe. */
public final class ServiceThread {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceThread.class);

    private final Thread thread;

    /** @param work returns when its owner has told it to end, or when it is interrupted */
    public ServiceThread(String name, Runnable work) {
        thread = Thread.ofPlatform().daemon().name(name).unstarted(work);
    }

    public void start() {
        thread.start();
    }

    /**
     * Waits until the work, told to end by its owner, has ended; interrupts it when that takes too long, and waits once more. An interrupt of the
     * caller shortens the first wait, and is kept.
     *
     * @param byItself       how long the work may take to end
     * @param onceInterrupted how long it may take after that
     */
    public void end(Duration byItself, Duration onceInterrupted) {
        if (thread.getState() == Thread.State.NEW) {
            return;
        }
        boolean interrupted = false;
        boolean ended = false;
        try {
            ended = thread.join(byItself);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (!ended) {
            thread.interrupt();
            try {
                ended = thread.join(onceInterrupted);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (!ended) {
            LOG.warn("{}: still running {} after it was told to end", thread.getName(), byItself.plus(onceInterrupted));
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
