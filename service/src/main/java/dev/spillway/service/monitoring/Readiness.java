package dev.spillway.service.monitoring;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.healthchecks.CheckResult;
import io.vertx.ext.healthchecks.HealthChecks;
import io.vertx.ext.healthchecks.Status;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Named checks that tell whether a service can do its work right now, run together when someone asks. A check that does not answer in time
 * counts as failed and is not started again before it ended, so that a dead server gathers no threads. Thread-safe.
 */
public final class Readiness {
    private static final String WHY = "why";

    /** Looks at one part. May block; an exception says that the part is not ready, and its message why. */
    @FunctionalInterface
    public interface Check {
        void run() throws Exception;
    }

    /**
     * One part.
     *
     * @param why    absent when the part is ready
     * @param age    of the oldest thing that waits for the part; absent if nothing does
     * @param remark what somebody should look at, and does not keep the part from being ready; absent if there is nothing
     */
    record Part(String name, boolean ready, @Nullable String why, @Nullable Duration age, @Nullable String remark) {}

    private record Entry(Check check, Supplier<Duration> age, Supplier<String> remark) {}

    record Report(boolean ready, List<Part> parts) {}

    private final Duration within;
    private final Map<String, Entry> checks = new LinkedHashMap<>();

    /** @param within how long a check may take */
    public Readiness(Duration within) {
        this.within = within;
    }

    /** Adds a check under a name that people know, such as {@code postgresql}. Checks added after the service started are run too. */
    public synchronized Readiness add(String name, Check check) {
        return add(name, check, () -> Duration.ZERO);
    }

    /** @param age of the oldest thing that waits for this part, zero for none; asked without a bound, so it must not block */
    public synchronized Readiness add(String name, Check check, Supplier<Duration> age) {
        return add(name, check, age, () -> "");
    }

    /** @param remark what somebody should look at, empty for nothing; must not block */
    public synchronized Readiness add(String name, Check check, Supplier<Duration> age, Supplier<String> remark) {
        if (checks.putIfAbsent(name, new Entry(check, age, remark)) != null) {
            throw new IllegalArgumentException("check: " + name + " (expected: a name of its own)");
        }
        return this;
    }

    /**
     * Returns what begins the stop of a service when it is closed: the service is not ready any more and still serves, for so long or until the closing
     * thread is interrupted. To be started last, so that it is closed first.
     */
    public AutoCloseable beforeStop(Duration delay) {
        return () -> {
            if (delay.isZero()) {
                return;
            }
            add("service", () -> {
                throw new IllegalStateException("stops in a moment");
            });
            try {
                Thread.sleep(delay);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
    }

    private synchronized Map<String, Entry> copy() {
        return new LinkedHashMap<>(checks);
    }

    Checks checks(Vertx vertx) {
        return new Checks(vertx);
    }

    /** The checks as Vert.x health checks. */
    final class Checks {
        private final HealthChecks health;
        private final Map<String, Future<Status>> running = new ConcurrentHashMap<>();

        private Checks(Vertx vertx) {
            this.health = HealthChecks.create(vertx);
        }

        /** Waits until every check has answered or its time is over. */
        Report report() throws InterruptedException {
            var current = copy();
            current.forEach((name, entry) -> running.computeIfAbsent(name, added -> {
                health.register(name, within.toMillis(), promise -> run(name, entry.check()).onComplete(promise));
                return Future.succeededFuture(Status.OK());
            }));
            if (current.isEmpty()) {
                return new Report(true, List.of());
            }
            try {
                var all = health.checkStatus().toCompletionStage().toCompletableFuture().get();
                var names = List.copyOf(current.keySet());
                return new Report(CheckResult.isUp(all), all.getChecks()
                        .stream()
                        .sorted(Comparator.comparingInt(result -> names.indexOf(result.getId())))
                        .map(result -> part(result, Objects.requireNonNull(current.get(result.getId()), "its entry")))
                        .toList());
            } catch (ExecutionException e) {
                throw new IllegalStateException("health checks (expected: an answer for each)", e);
            }
        }

        private Future<Status> run(String name, Check check) {
            return running.compute(name, (same, last) -> last == null || last.isComplete() ? start(check) : last);
        }

        private Future<Status> start(Check check) {
            Promise<Status> promise = Promise.promise();
            Thread.ofVirtual().name("readiness").start(() -> {
                try {
                    check.run();
                    promise.complete(Status.OK());
                } catch (Exception e) {
                    promise.complete(
                            Status.KO(new JsonObject().put(WHY, e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage())));
                }
            });
            return promise.future();
        }

        private Part part(CheckResult result, Entry entry) {
            var age = entry.age().get().truncatedTo(ChronoUnit.MILLIS);
            var remark = entry.remark().get();
            boolean up = CheckResult.isUp(result);
            var data = result.getData();
            // A check that is late has no words of its own.
            var late = "no answer in " + within;
            return new Part(result.getId(), up, up ? null : data == null ? late : data.getString(WHY, late), age.isPositive() ? age : null,
                    remark.isEmpty() ? null : remark);
        }
    }
}
