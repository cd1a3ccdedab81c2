package dev.spillway.coordinator.app;

import dev.spillway.registry.CommitUnknownException;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.registry.decide.Command;
import dev.spillway.service.ServiceThread;
import dev.spillway.service.Wakeup;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does the registry's periodic work: notices silent hosts, dooms what evictions left, relieves draining hosts, expires entries, deletes old rows.
 * Every coordinator does this at intervals with jitter, and skips rows that another one has locked.
 */
final class UpkeepLoop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(UpkeepLoop.class);
    private static final int SWEEP_MAX = 1_000;
    /** Counting open orders costs more than looking for silent hosts. */
    private static final Duration FIGURES_EVERY = Duration.ofSeconds(5);
    private static final Duration END_WITHIN = Duration.ofSeconds(5);

    private final Registry registry;
    private final Runnable trimming;
    private final Runnable figures;
    private final EventWatch events;
    private final Duration interval;
    private final Duration trimEvery;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final Wakeup unfinished = new Wakeup();
    private final ServiceThread thread = new ServiceThread("upkeep", this::run);
    private Instant trimAt = Instant.MIN;
    private Instant figuresAt = Instant.MIN;
    private boolean troubled;
    private volatile boolean closing;

    private UpkeepLoop(
            Registry registry,
            Runnable trimming,
            Runnable figures,
            EventWatch events,
            Duration interval,
            Duration trimEvery,
            InstantSource clock,
            RandomGenerator random) {
        this.registry = registry;
        this.trimming = trimming;
        this.figures = figures;
        this.events = events;
        this.interval = interval;
        this.trimEvery = trimEvery;
        this.clock = clock;
        this.random = random;
    }

    static UpkeepLoop start(
            Registry registry,
            Runnable trimming,
            Runnable figures,
            EventWatch events,
            Duration interval,
            Duration trimEvery,
            InstantSource clock,
            RandomGenerator random) {
        UpkeepLoop loop = new UpkeepLoop(registry, trimming, figures, events, interval, trimEvery, clock, random);
        registry.onCommit(wake -> {
            if (wake.unfinished()) {
                loop.unfinished.wake();
            }
        });
        loop.thread.start();
        return loop;
    }

    private void run() {
        try {
            while (!closing) {
                long seen = unfinished.seen();
                try {
                    work();
                    troubled = false;
                } catch (RegistryUnavailableException | CommitUnknownException e) {
                    if (!troubled) {
                        LOG.warn("upkeep waits: {}", e.getMessage());
                    }
                    troubled = true;
                } catch (RuntimeException e) {
                    LOG.error("upkeep failed, going on", e);
                    troubled = true;
                }
                // After a failure a commit does not shorten the pause. Otherwise a repeated defect would make this loop spin.
                unfinished.await(troubled ? unfinished.seen() : seen, jittered(interval));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void work() {
        boolean more = true;
        while (more && !closing) {
            more = registry.execute(new Command.Sweep(SWEEP_MAX)).more();
        }
        more = true;
        while (more && !closing) {
            more = registry.execute(new Command.Relieve(SWEEP_MAX)).more();
        }
        more = true;
        while (more && !closing) {
            more = registry.execute(new Command.Expire(SWEEP_MAX)).more();
        }
        events.look(registry.queries());
        Instant now = clock.instant();
        if (now.isAfter(figuresAt)) {
            figures.run();
            figuresAt = now.plus(jittered(FIGURES_EVERY));
        }
        if (now.isAfter(trimAt)) {
            trimming.run();
            trimAt = now.plus(jittered(trimEvery));
        }
    }

    /** Changes a duration by up to 20 % in either direction, so that coordinators that started together do not work at the same times. */
    private Duration jittered(Duration duration) {
        return Duration.ofMillis(Math.max(1, (long) (duration.toMillis() * (0.8 + 0.4 * random.nextDouble()))));
    }

    @Override
    public void close() {
        closing = true;
        unfinished.wake();
        thread.end(END_WITHIN, END_WITHIN);
    }
}
