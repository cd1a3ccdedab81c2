package dev.spillway.service;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A thread that works for a service until the service stops. Does not keep the process alive. Thread-safe. */
public final class ServiceThread {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceThread.class);

    private final Thread thread;

    /** @param work returns once its owner has asked it to end, or once it is interrupted */
    public ServiceThread(String name, Runnable work) {
        thread = Thread.ofPlatform().daemon().name(name).unstarted(work);
    }

    public void start() {
        thread.start();
    }

    /**
     * Waits until the work has ended; the owner has asked it to end before. If it takes too long, interrupts it and waits again. An interrupt of the
     * caller shortens the first wait and stays set.
     *
     * @param byItself       time limit for the work to end by itself
     * @param onceInterrupted time limit after the interrupt
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
