package dev.spillway.worker.host;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the host's state at its registry and logs its changes. Callers wait here for the first answer of the registry after the start. One thread
 * updates it.
 */
final class RegistryContact {
    private static final Logger LOG = LoggerFactory.getLogger(RegistryContact.class);

    private final CountDownLatch heard = new CountDownLatch(1);
    private final CountDownLatch joined = new CountDownLatch(1);
    private final CountDownLatch mayServe = new CountDownLatch(1);
    private @Nullable String refusal;
    private boolean unreachable;

    /** @param compared whether the store was compared with the registry since the start */
    void update(HostView.Status now, boolean compared) {
        if (compared || now.refusal() != null || now.unreachable() != null) {
            mayServe.countDown();
        }
        if (now.joined() || now.refusal() != null) {
            heard.countDown();
        }
        if (now.joined()) {
            joined.countDown();
        }
        sayRefusal(now.refusal());
        sayUnreachable(now.unreachable());
    }

    private void sayRefusal(@Nullable String why) {
        if (!Objects.equals(why, refusal)) {
            refusal = why;
            if (why != null) {
                LOG.error("the registry refuses this host, which keeps what it has and asks again: {}", why);
            } else {
                LOG.info("the registry takes this host");
            }
        }
    }

    private void sayUnreachable(@Nullable String why) {
        if (unreachable != (why != null)) {
            unreachable = why != null;
            if (unreachable) {
                LOG.warn("the registry does not answer, and is asked again: {}", why);
            } else {
                LOG.info("the registry answers");
            }
        }
    }

    /** Ends all waits for the registry. */
    void close() {
        mayServe.countDown();
    }

    /**
     * Waits until the store was compared with the registry, or until the registry does not answer or refuses the host. Only the registry knows
     * whether the store is an older copy with evicted images. If it does not answer, the host serves what it has.
     */
    void awaitMayServe() throws InterruptedException {
        mayServe.await();
    }

    boolean mayServe() {
        return mayServe.getCount() == 0;
    }

    void awaitJoined() throws InterruptedException {
        joined.await();
    }

    /** Waits until the registry took or refused this host for the first time. Returns false if the time is over before that. */
    boolean awaitHeard(Duration atMost) throws InterruptedException {
        return heard.await(atMost.toNanos(), TimeUnit.NANOSECONDS);
    }
}
