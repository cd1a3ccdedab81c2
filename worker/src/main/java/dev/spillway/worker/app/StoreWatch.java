package dev.spillway.worker.app;

import dev.spillway.worker.filesystem.StoreGoneException;
import dev.spillway.worker.filesystem.store.StoreProbe;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks several times a second whether the store is still at its path. While another directory is there, or none, no path that the worker answers
 * leads to an image, so the worker refuses all work on images. If that lasts, the watch asks for the end of the process. A look that fails for
 * another reason changes nothing. Thread-safe.
 */
final class StoreWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StoreWatch.class);
    private static final Duration EVERY = Duration.ofMillis(200);
    /**
     * Leaves an operator time to mount the file system again. After that, a restart is better: the registry refuses a worker that starts without its
     * store, and the fleet shows that.
     */
    static final Duration GIVES_UP_AFTER = Duration.ofSeconds(10);

    /** Looks whether the store is where it was opened. */
    @FunctionalInterface
    interface Look {
        /** @throws StoreGoneException if another directory is there, or none */
        void requirePlace() throws IOException;
    }

    private final Look place;
    private final LongSupplier nanos;
    private final Consumer<Throwable> onFailure;
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("store-watch").factory());
    private volatile @Nullable String gone;
    private long goneAt;
    private boolean gaveUp;
    private boolean failed;

    StoreWatch(Look place, LongSupplier nanos, Consumer<Throwable> onFailure) {
        this.place = place;
        this.nanos = nanos;
        this.onFailure = onFailure;
    }

    /** @param onFailure told once when the store has been gone for {@link #GIVES_UP_AFTER}; the process should then end */
    static StoreWatch start(StoreProbe probe, Consumer<Throwable> onFailure) {
        StoreWatch watch = new StoreWatch(probe::requirePlace, System::nanoTime, onFailure);
        var _ = watch.timer.scheduleWithFixedDelay(watch::look, 0, EVERY.toMillis(), TimeUnit.MILLISECONDS);
        return watch;
    }

    /** Returns why the store is not where it was opened; empty while it is. */
    Optional<String> gone() {
        return Optional.ofNullable(gone);
    }

    /** Looks once. It never throws, because the timer would stop after an exception. */
    void look() {
        try {
            place.requirePlace();
            if (gone != null) {
                LOG.info("store: it is where it was opened again");
            }
            gone = null;
            failed = false;
        } catch (StoreGoneException e) {
            long now = nanos.getAsLong();
            if (gone == null) {
                goneAt = now;
                LOG.error("{}; work on images is refused", e.getMessage());
            }
            gone = e.getMessage();
            if (!gaveUp && now - goneAt >= GIVES_UP_AFTER.toNanos()) {
                gaveUp = true;
                onFailure.accept(e);
            }
        } catch (IOException | RuntimeException e) {
            if (!failed) {
                failed = true;
                LOG.warn("store: it is unknown whether it is still where it was opened: {}", e.toString());
            }
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
