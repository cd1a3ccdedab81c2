package dev.spillway.simulation;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.PriorityQueue;

/** Simulated time: events in the order of their time, and of their making where times are equal. */
final class Timeline implements InstantSource {
    private record Event(Instant at, long number, Runnable action) {}

    private final PriorityQueue<Event> events = new PriorityQueue<>(Comparator.comparing(Event::at).thenComparingLong(Event::number));
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private long made;

    @Override
    public Instant instant() {
        return now;
    }

    void after(Duration delay, Runnable action) {
        events.add(new Event(now.plus(delay), made++, action));
    }

    void at(Instant time, Runnable action) {
        events.add(new Event(time.isBefore(now) ? now : time, made++, action));
    }

    /** Runs the next event; false if there is none. */
    boolean step() {
        Event next = events.poll();
        if (next == null) {
            return false;
        }
        now = next.at();
        next.action().run();
        return true;
    }
}
