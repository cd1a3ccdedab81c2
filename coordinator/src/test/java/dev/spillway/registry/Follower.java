package dev.spillway.registry;

import dev.spillway.registry.RegistryQueries.ActivityPage;
import dev.spillway.registry.RegistryQueries.Recorded;
import dev.spillway.registry.trail.Activity;
import dev.spillway.registry.trail.ActivityCursor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** Reads activity as one event stream does, and keeps what it was told. Not thread-safe. */
public final class Follower {
    private static final Duration DEADLINE = Duration.ofMinutes(2);
    private static final int PAGE = 7;

    private final List<String> evicted = new ArrayList<>();
    private final List<ActivityCursor> cursors = new ArrayList<>();
    private Registry registry;
    private ActivityCursor cursor;
    private int gaps;

    private Follower(Registry registry, ActivityCursor cursor) {
        this.registry = registry;
        this.cursor = cursor;
    }

    /** Begins at the end. */
    public static Follower of(Registry registry) {
        return new Follower(registry, registry.queries().activity(null, PAGE).next());
    }

    /** Another stream that resumes where this one is. */
    public Follower resumed() {
        return new Follower(registry, cursor);
    }

    /** Goes on at another coordinator. */
    public void moveTo(Registry other) {
        registry = other;
    }

    /** Reads one page. */
    public ActivityPage look() {
        ActivityPage page = registry.queries().activity(cursor, PAGE);
        cursor = page.next();
        gaps += page.gap() ? 1 : 0;
        for (Recorded recorded : page.items()) {
            cursors.add(recorded.cursor());
            if (recorded.activity() instanceof Activity.Evicted eviction) {
                evicted.add(eviction.key().value());
            }
        }
        return page;
    }

    /** Reads until it was told of so many evictions. */
    public List<String> awaitEvicted(int count) {
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        while (evicted.size() < count && System.nanoTime() < deadline) {
            if (look().items().isEmpty()) {
                LockSupport.parkNanos(1_000_000);
            }
        }
        return evicted;
    }

    public List<String> evicted() {
        return evicted;
    }

    /** The places of all events that it was told. */
    public List<ActivityCursor> cursors() {
        return cursors;
    }

    public int gaps() {
        return gaps;
    }
}
