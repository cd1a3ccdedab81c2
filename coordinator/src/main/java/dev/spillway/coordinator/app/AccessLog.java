package dev.spillway.coordinator.app;

import dev.spillway.coordinator.curve.SampledAccesses;
import dev.spillway.coordinator.curve.Sampling;
import dev.spillway.coordinator.curve.UsageStore;
import dev.spillway.events.NamespaceName;
import dev.spillway.registry.CommitUnknownException;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.registry.trail.Access;
import dev.spillway.service.ServiceThread;
import dev.spillway.service.Wakeup;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gathers the accesses that this coordinator commits, and stores them every few seconds. A crash loses at most the accesses of these seconds, which
 * is acceptable because the curves are estimates. Thread-safe.
 */
public final class AccessLog implements Consumer<List<Access>>, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AccessLog.class);
    private static final Duration STORE_EVERY = Duration.ofSeconds(5);
    /** Number of gathered samples at which they are stored at once, before the interval is over. */
    private static final int SAMPLES_EARLY = 20_000;
    /** Upper bound on gathered samples. Beyond it accesses are dropped, because storing does not keep up. */
    private static final int SAMPLES_MAX = 500_000;
    private static final Duration END_WITHIN = Duration.ofSeconds(5);

    private final UsageStore store;
    private final Map<NamespaceName, Long> thresholds = new HashMap<>();
    private final Object storing = new Object();
    private final Wakeup full = new Wakeup();
    private final ServiceThread thread = new ServiceThread("accesses", this::run);
    private Map<NamespaceName, SampledAccesses.Gathering> gathered = new HashMap<>();
    private int samples;
    private boolean troubled;
    private volatile boolean closing;

    private AccessLog(UsageStore store) {
        this.store = store;
    }

    /** Begins to gather and to store. */
    public static AccessLog start(UsageStore store) {
        AccessLog log = new AccessLog(store);
        log.thread.start();
        return log;
    }

    @Override
    public void accept(List<Access> accesses) {
        boolean isFull;
        synchronized (this) {
            if (samples >= SAMPLES_MAX) {
                return;
            }
            for (Access access : accesses) {
                samples += gathered
                        .computeIfAbsent(
                                access.namespace(),
                                namespace -> new SampledAccesses.Gathering(thresholds.getOrDefault(namespace, Sampling.ALL)))
                        .take(access);
            }
            isFull = samples >= SAMPLES_EARLY;
        }
        if (isFull) {
            full.wake();
        }
    }

    /**
     * Stores everything that was gathered.
     *
     * @throws RegistryUnavailableException if it cannot; what was gathered is lost
     */
    public void store() {
        synchronized (storing) {
            Map<NamespaceName, SampledAccesses> taken = new HashMap<>();
            synchronized (this) {
                gathered.forEach((namespace, gathering) -> taken.put(namespace, gathering.taken()));
                gathered = new HashMap<>();
                samples = 0;
            }
            if (!taken.isEmpty()) {
                Map<NamespaceName, Long> present = store.store(taken);
                synchronized (this) {
                    thresholds.putAll(present);
                }
            }
        }
    }

    private void run() {
        try {
            long seen = full.seen();
            while (!closing) {
                full.await(seen, STORE_EVERY);
                seen = full.seen();
                try {
                    store();
                    troubled = false;
                } catch (RegistryUnavailableException | CommitUnknownException e) {
                    if (!troubled) {
                        LOG.warn("accesses are not stored, so curves miss them: {}", e.getMessage());
                    }
                    troubled = true;
                } catch (RuntimeException e) {
                    LOG.error("accesses are not stored", e);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Stores what is left. */
    @Override
    public void close() {
        closing = true;
        full.wake();
        thread.end(END_WITHIN, END_WITHIN);
    }
}
