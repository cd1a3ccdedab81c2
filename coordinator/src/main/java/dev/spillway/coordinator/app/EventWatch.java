package dev.spillway.coordinator.app;

import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryQueries;
import dev.spillway.registry.RegistryQueries.ActivityPage;
import dev.spillway.registry.trail.ActivityCursor;
import dev.spillway.service.UnusableServerException;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads the registry's events as clients do, and measures how long an event committed here has been unreadable. Without it, a stuck event stream
 * would look like a fleet without events. Thread-safe.
 */
final class EventWatch {
    /** A reader sees an event within about a second. */
    private static final Duration LATE_AFTER = Duration.ofSeconds(10);
    private static final int PAGE = 500;

    private final LongSupplier nanos;
    private @Nullable Long committedAt;
    private long commits;
    /** Used only by the thread that calls {@link #look}. */
    private @Nullable ActivityCursor cursor;

    /** @param nanos monotonic clock in nanoseconds */
    EventWatch(LongSupplier nanos) {
        this.nanos = nanos;
    }

    /** Begins to notice what this coordinator commits. */
    static EventWatch of(Registry registry) {
        EventWatch watch = new EventWatch(System::nanoTime);
        registry.onCommit(wake -> {
            if (wake.activity()) {
                watch.committed();
            }
        });
        return watch;
    }

    synchronized void committed() {
        commits++;
        committedAt = committedAt == null ? Long.valueOf(nanos.getAsLong()) : committedAt;
    }

    /** Reads the events that have become readable. Only one thread may call it. */
    void look(RegistryQueries queries) {
        ActivityCursor from = cursor;
        if (from == null) {
            // A new reader begins at the end and does not get earlier events.
            long before = commits();
            cursor = queries.activity(null, 1).next();
            read(before);
            return;
        }
        if (age().isZero()) {
            return;
        }
        long before = commits();
        boolean isAnyRead = false;
        ActivityPage page;
        do {
            page = queries.activity(from, PAGE);
            from = page.next();
            isAnyRead |= !page.items().isEmpty() || page.gap();
        } while (page.items().size() == PAGE);
        cursor = from;
        if (isAnyRead) {
            read(before);
        }
    }

    private synchronized long commits() {
        return commits;
    }

    private synchronized void read(long before) {
        committedAt = commits == before ? null : Long.valueOf(nanos.getAsLong());
    }

    /** Returns the age of the first committed event that was not read yet; zero if all were read. */
    synchronized Duration age() {
        return committedAt == null ? Duration.ZERO : Duration.ofNanos(Math.max(1, nanos.getAsLong() - committedAt));
    }

    /** @throws UnusableServerException if what was committed long ago cannot be read yet */
    void requireReadable() throws UnusableServerException {
        Duration age = age();
        if (age.compareTo(LATE_AFTER) > 0) {
            throw new UnusableServerException(
                    "what was committed %d s ago cannot be read yet (expected: within about 1 s); another transaction "
                            .formatted(age.toSeconds()) + "of the database may be open for long");
        }
    }
}
