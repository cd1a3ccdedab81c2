package dev.spillway.worker.app;

import dev.spillway.worker.filesystem.store.StoreProbe;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks several times a second whether the store is still at its path. While another directory is there, or none, no path that the worker names leads to
 * an image, so it refuses all work on images. When that lasts, it gives up. Thread-safe.
 */
final class StoreWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StoreWatch.class);
    private static final Duration EVERY = Duration.ofMillis(200);
    /** Leaves a moment to whoever mounts the file system anew. A worker that starts without its store is refused, which the fleet shows. */
    static final Duration GIVES_UP_AFTER = Duration.ofSeconds(10);

    private final StoreProbe probe;
    private final Consumer<Throwable> onFailure;
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("store-watch").factory());
    private volatile @Nullable String gone;
    private long goneAt;
    private boolean gaveUp;

    /** @param onFailure told once when the store has been gone for {@link #GIVES_UP_AFTER}; the process should then end */
    StoreWatch(StoreProbe probe, Consumer<Throwable> onFailure) {
        this.probe = probe;
        this.onFailure = onFailure;
        var _ = timer.scheduleWithFixedDelay(this::look, 0, EVERY.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Returns why the store is not where it was opened; empty while it is. */
    Optional<String> gone() {
        return Optional.ofNullable(gone);
    }

    private void look() {
        try {
            probe.requirePlace();
            if (gone != null) {
                LOG.info("store: it is where it was opened again");
            }
            gone = null;
        } catch (IOException e) {
            long now = System.nanoTime();
            if (gone == null) {
                goneAt = now;
                LOG.error("{}; work on images is refused", e.getMessage());
            }
            gone = e.getMessage();
            if (!gaveUp && now - goneAt >= GIVES_UP_AFTER.toNanos()) {
                gaveUp = true;
                onFailure.accept(e);
            }
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
