package dev.spillway.simulation;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.PriorityQueue;

/** Simulated time in milliseconds. Events run in the order of their time; events of the same time in the order of their creation. */
final class Timeline implements InstantSource {
    private record Event(long atMillis, long number, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(atMillis, other.atMillis);
            return byTime != 0 ? byTime : Long.compare(number, other.number);
        }
    }

    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private long nowMillis = now.toEpochMilli();
    private long made;

    @Override
    public Instant instant() {
        return now;
    }

    void after(Duration delay, Runnable action) {
        after(delay.toMillis(), action);
    }

    void after(long delayMillis, Runnable action) {
        events.add(new Event(nowMillis + delayMillis, made++, action));
    }

    /** Runs the next event; returns false if there is none. */
    boolean step() {
        Event next = events.poll();
        if (next == null) {
            return false;
        }
        if (next.atMillis() != nowMillis) {
            nowMillis = next.atMillis();
            now = Instant.ofEpochMilli(nowMillis);
        }
        next.action().run();
        return true;
    }
}
