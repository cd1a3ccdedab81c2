package dev.spillway.coordinator.kafka;

import dev.spillway.registry.CommitUnknownException;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.service.Backoff;
import dev.spillway.service.ConnectionTrouble;
import dev.spillway.service.LastUse;
import dev.spillway.service.ServiceThread;
import dev.spillway.service.Wakeup;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes due events on a thread of its own. Commits wake it. It also looks at intervals, because other coordinators commit too and unconfirmed
 * events become due again. It claims nothing while Kafka does not answer.
 */
final class PublishingLoop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PublishingLoop.class);
    private static final Duration LOOK_AT_LEAST_EVERY = Duration.ofSeconds(1);
    /** Backoff longer than a heartbeat, so that heartbeats carry what cannot be sent. */
    private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(15));
    /** Pause while the registry is down. It is short, because once the registry is back all waiting events are due. */
    private static final Duration REGISTRY_AGAIN_AFTER = Duration.ofSeconds(2);
    private static final Duration END_WITHIN = Duration.ofSeconds(3);

    /** The result of one round. */
    enum Round {
        NOTHING_DUE, PUBLISHED, FAILED, REGISTRY_AWAY
    }

    /** Claims what is due and sends it. */
    interface Publishing {
        Round publish() throws InterruptedException;
    }

    private final String name;
    private final Brokers brokers;
    private final RandomGenerator random;
    private final Publishing publishing;
    private final LastUse uses;
    private final Wakeup wakeup = new Wakeup();
    private final ServiceThread thread;
    private volatile boolean closing;

    /** @param uses records rounds that fail because of a defect */
    PublishingLoop(String name, Brokers brokers, RandomGenerator random, Publishing publishing, LastUse uses) {
        this.name = name;
        this.brokers = brokers;
        this.random = random;
        this.publishing = publishing;
        this.uses = uses;
        this.thread = new ServiceThread(name, this::run);
    }

    void start() {
        thread.start();
    }

    /** Signals that there may be something to publish. */
    void wake() {
        wakeup.wake();
    }

    private void run() {
        int failures = 0;
        try {
            while (!closing) {
                long seen = wakeup.seen();
                if (!brokers.isReachable()) {
                    brokers.awaitReachable(LOOK_AT_LEAST_EVERY);
                    continue;
                }
                Round round = round();
                failures = round == Round.FAILED ? failures + 1 : 0;
                switch (round) {
                    case PUBLISHED -> {}
                    case NOTHING_DUE -> wakeup.await(seen, LOOK_AT_LEAST_EVERY);
                    case REGISTRY_AWAY -> pause(REGISTRY_AGAIN_AFTER);
                    // A commit does not shorten this pause, because the next round would probably fail, too.
                    case FAILED -> pause(BACKOFF.ceiling(failures).dividedBy(2).plus(BACKOFF.delay(failures, random).dividedBy(2)));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Round round() throws InterruptedException {
        try {
            return publishing.publish();
        } catch (RegistryUnavailableException | CommitUnknownException e) {
            LOG.warn("{}: {}", name, e.getMessage());
            return Round.REGISTRY_AWAY;
        } catch (RuntimeException | LinkageError e) {
            // A library that cannot be loaded is an Error. It is logged and does not end the thread.
            LOG.error("{}: failed, going on", name, e);
            uses.failed(ConnectionTrouble.inWords(e));
            return Round.FAILED;
        }
    }

    private void pause(Duration duration) throws InterruptedException {
        long deadline = System.nanoTime() + duration.toNanos();
        for (long left = duration.toNanos(); left > 0 && !closing; left = deadline - System.nanoTime()) {
            wakeup.await(wakeup.seen(), Duration.ofNanos(left));
        }
    }

    /** Waits for the present round within a time limit. The round gives back what it could not send. */
    @Override
    public void close() {
        closing = true;
        wakeup.wake();
        thread.end(END_WITHIN, END_WITHIN);
    }
}
