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
 * Named checks that tell whether a service can do its work now. All run in parallel on request. A check that does not answer in time counts as failed
 * and is not started again before it has ended, so that threads do not pile up on a dead server. Thread-safe.
 */
public final class Readiness {
    private static final String WHY = "why";

    /** Checks one part. May block. An exception means that the part is not ready; its message has the reason. */
    @FunctionalInterface
    public interface Check {
        void run() throws Exception;
    }

    /**
     * One part.
     *
     * @param why    reason why it is not ready; absent if it is
     * @param age    age of the oldest item that waits for the part; absent if none does
     * @param remark warning for operators that does not make the part unready; absent if there is none
     */
    record Part(String name, boolean ready, @Nullable String why, @Nullable Duration age, @Nullable String remark) {}

    private record Entry(Check check, Supplier<Duration> age, Supplier<String> remark) {}

    record Report(boolean ready, List<Part> parts) {}

    private final Duration within;
    private final Map<String, Entry> checks = new LinkedHashMap<>();

    /** @param within time limit of a check */
    public Readiness(Duration within) {
        this.within = within;
    }

    /** Adds a check under a name for operators, such as {@code postgresql}. Checks may be added after the service started. */
    public synchronized Readiness add(String name, Check check) {
        return add(name, check, () -> Duration.ZERO);
    }

    /** @param age age of the oldest item that waits for this part, zero for none; called without a time limit, so it must not block */
    public synchronized Readiness add(String name, Check check, Supplier<Duration> age) {
        return add(name, check, age, () -> "");
    }

    /** @param remark warning for operators, empty for none; must not block */
    public synchronized Readiness add(String name, Check check, Supplier<Duration> age, Supplier<String> remark) {
        if (checks.putIfAbsent(name, new Entry(check, age, remark)) != null) {
            throw new IllegalArgumentException("check: " + name + " (expected: a name of its own)");
        }
        return this;
    }

    /**
     * Returns a part that begins the stop of a service. When it is closed, the service reports that it is not ready but still serves, until the delay
     * is over or the closing thread is interrupted. It must be started last, so that it is closed first.
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

    /** Runs the checks as Vert.x health checks. */
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
                return new Report(
                        CheckResult.isUp(all),
                        all.getChecks()
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
            // A check that is late has no message of its own.
            var late = "no answer in " + within;
            return new Part(
                    result.getId(),
                    up,
                    up ? null : data == null ? late : data.getString(WHY, late),
                    age.isPositive() ? age : null,
                    remark.isEmpty() ? null : remark);
        }
    }
}
