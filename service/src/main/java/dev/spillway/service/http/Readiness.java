package dev.spillway.service.http;

import java.time.Duration;
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

    /** @param why absent when the part is ready */
    record Part(String name, boolean ready, @Nullable String why) {}

    record Report(boolean ready, List<Part> parts) {}

    private final Duration within;
    private final Map<String, Check> checks = new LinkedHashMap<>();
    private final Map<String, FutureTask<Optional<String>>> running = new ConcurrentHashMap<>();

    /** @param within how long a check may take */
    public Readiness(Duration within) {
        this.within = within;
    }

    /** Adds a check under a name that people know, such as {@code postgresql}. */
    public synchronized Readiness add(String name, Check check) {
        if (checks.putIfAbsent(name, check) != null) {
            throw new IllegalArgumentException("check: " + name + " (expected: a name of its own)");
        }
        return this;
    }

    Report report() throws InterruptedException {
        Map<String, FutureTask<Optional<String>>> asked = new LinkedHashMap<>();
        copy().forEach((name, check) -> asked.put(name,
                running.compute(name, (same, task) -> task == null || task.isDone() ? start(name, check) : task)));
        long deadline = System.nanoTime() + within.toNanos();
        var parts = new ArrayList<Part>();
        for (var task : asked.entrySet()) {
            var why = why(task.getValue(), deadline - System.nanoTime());
            parts.add(new Part(task.getKey(), why.isEmpty(), why.orElse(null)));
        }
        return new Report(parts.stream().allMatch(Part::ready), parts);
    }

    private synchronized Map<String, Check> copy() {
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
