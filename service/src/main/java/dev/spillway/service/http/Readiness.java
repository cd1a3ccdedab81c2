package dev.spillway.service.http;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether a service can do its work right now: named checks, run together when someone asks. A check that does not answer in time counts as
 * failed and is not started again before it ended, so that a dead server gathers no threads. Thread-safe.
 */
public final class Readiness {
    /** Looks at one part. May block; an exception says that the part is not ready, and its message why. */
    @FunctionalInterface
    public interface Check {
        void run() throws Exception;
    }

    /**
     * One part.
     *
     * @param why absent when the part is ready
     * @param age of the oldest thing that waits for the part; absent if nothing does
     */
    record Part(String name, boolean ready, @Nullable String why, @Nullable Duration age) {}

    private record Entry(Check check, Supplier<Duration> age) {}

    private record Asked(FutureTask<Optional<String>> task, Supplier<Duration> age) {}

    record Report(boolean ready, List<Part> parts) {}

    private final Duration within;
    private final Map<String, Entry> checks = new LinkedHashMap<>();
    private final Map<String, FutureTask<Optional<String>>> running = new ConcurrentHashMap<>();

    /** @param within how long a check may take */
    public Readiness(Duration within) {
        this.within = within;
    }

    /** Adds a check under a name that people know, such as {@code postgresql}. */
    public synchronized Readiness add(String name, Check check) {
        return add(name, check, () -> Duration.ZERO);
    }

    /** @param age of the oldest thing that waits for this part, zero for none; asked without a bound, so it must not block */
    public synchronized Readiness add(String name, Check check, Supplier<Duration> age) {
        if (checks.putIfAbsent(name, new Entry(check, age)) != null) {
            throw new IllegalArgumentException("check: " + name + " (expected: a name of its own)");
        }
        return this;
    }

    Report report() throws InterruptedException {
        Map<String, Asked> asked = new LinkedHashMap<>();
        copy().forEach((name, entry) -> asked.put(name, new Asked(running.compute(name,
                (same, task) -> task == null || task.isDone() ? start(name, entry.check()) : task), entry.age())));
        long deadline = System.nanoTime() + within.toNanos();
        var parts = new ArrayList<Part>();
        for (var entry : asked.entrySet()) {
            var why = why(entry.getValue().task(), deadline - System.nanoTime());
            var age = entry.getValue().age().get().truncatedTo(ChronoUnit.MILLIS);
            parts.add(new Part(entry.getKey(), why.isEmpty(), why.orElse(null), age.isPositive() ? age : null));
        }
        return new Report(parts.stream().allMatch(Part::ready), parts);
    }

    private synchronized Map<String, Entry> copy() {
        return new LinkedHashMap<>(checks);
    }

    private static FutureTask<Optional<String>> start(String name, Check check) {
        var task = new FutureTask<>(() -> {
            check.run();
            return Optional.<String>empty();
        });
        Thread.ofVirtual().name("readiness-" + name).start(task);
        return task;
    }

    private Optional<String> why(FutureTask<Optional<String>> task, long nanos) throws InterruptedException {
        try {
            return task.get(Math.max(0, nanos), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return Optional.of("no answer in " + within);
        } catch (ExecutionException e) {
            var cause = e.getCause() == null ? e : e.getCause();
            return Optional.of(cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage());
        }
    }
}
