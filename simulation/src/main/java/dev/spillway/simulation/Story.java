package dev.spillway.simulation;

import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;

/** The log of a failed run. It is recorded only on request, because most runs are never read. */
final class Story {
    private static final int LINES_MAX = 1_000;

    private final boolean told;
    private final InstantSource clock;
    private final Deque<String> lines = new ArrayDeque<>();

    Story(boolean told, InstantSource clock) {
        this.told = told;
        this.clock = clock;
    }

    void tell(String who, String what, Object... details) {
        if (!told) {
            return;
        }
        StringBuilder line = new StringBuilder(clock.instant().toString()).append("  ").append(who).append("  ").append(what);
        for (Object detail : details) {
            line.append(' ').append(detail);
        }
        lines.add(line.toString());
        if (lines.size() > LINES_MAX) {
            lines.remove();
        }
    }

    @Override
    public String toString() {
        return String.join("\n", lines);
    }
}
