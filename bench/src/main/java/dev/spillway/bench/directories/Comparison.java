package dev.spillway.bench.directories;

import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.Commands;
import dev.spillway.bench.measure.Figure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The times of two ways to do the same, which take turns. Not thread-safe. */
final class Comparison {
    private final String ours;
    private final String theirs;
    private final double bound;
    private final List<Long> ourNanos = new ArrayList<>();
    private final List<Long> theirNanos = new ArrayList<>();

    /** @param bound largest ratio of our median time to theirs */
    Comparison(String ours, String theirs, double bound) {
        this.ours = ours;
        this.theirs = theirs;
        this.bound = bound;
    }

    void ours(Commands.Work work) throws IOException, InterruptedException {
        ourNanos.add(Commands.nanos(work));
    }

    void theirs(Commands.Work work) throws IOException, InterruptedException {
        theirNanos.add(Commands.nanos(work));
    }

    List<Figure> figures() {
        return List.of(new Figure(ours, medianMillis(ourNanos), "ms"), new Figure(theirs, medianMillis(theirNanos), "ms"));
    }

    Bar bar() {
        return Bar.atMost(ours + ", to " + theirs, medianMillis(ourNanos), medianMillis(theirNanos), bound);
    }

    private static double medianMillis(List<Long> nanos) {
        return nanos.stream().sorted().toList().get(nanos.size() / 2) / 1e6;
    }
}
