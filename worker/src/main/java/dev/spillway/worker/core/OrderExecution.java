package dev.spillway.worker.core;

import dev.spillway.events.Order;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.worker.core.model.Effect;
import dev.spillway.worker.core.model.HostIdentity;
import dev.spillway.worker.core.model.HostTimes;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import dev.spillway.worker.core.model.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Follows each order until its report is acknowledged: removes the replica, waits for holds, and retries a removal that failed. Not thread-safe. */
final class OrderExecution {
    private static final int REPORTS_AT_ONCE = 1_000;
    private static final int ABSENT_MAX = 10_000;

    /** Longest pause between two attempts of a removal that fails again and again. */
    private static final Duration RETRY_MAX = Duration.ofMinutes(10);

    /** @param retryAt time of the next attempt; {@link Instant#MAX} while one is under way */
    private record Failure(String why, int attempts, Instant retryAt) {
        Failure underWay() {
            return new Failure(why, attempts, Instant.MAX);
        }
    }

    private final HostIdentity identity;
    private final HostTimes times;
    private final HostReplicas table;
    private final Registering registering;
    private final ReplicaDrops drops;
    private final Map<ReplicaId, Report> absent = new LinkedHashMap<>();
    private final Map<ReplicaId, Failure> failures = new HashMap<>();

    OrderExecution(HostIdentity identity, HostTimes times, HostReplicas table, Registering registering, ReplicaDrops drops) {
        this.identity = identity;
        this.times = times;
        this.table = table;
        this.registering = registering;
        this.drops = drops;
    }

    /** Obeys an order for this host and its store; ignores any other. */
    void obey(Instant now, Order order, Step.Builder out) {
        if (!order.hostId().equals(identity.hostId()) || !order.storeId().equals(identity.storeId())) {
            return;
        }
        ReplicaRecord replica = table.get(order.replicaId());
        ReplicaRecord proposed = table.proposedAs(order.replicaId());
        if (proposed != null && proposed.readoption() != null && proposed.isInventory()) {
            // The order proves that the registry has readopted the replica under that id.
            obey(table.readopted(proposed, proposed.readoption(), ReplicaState.HIDDEN, out), out);
        } else if (replica == null) {
            absent(order, out);
        } else if (replica.state() == ReplicaState.PENDING) {
            registering.evicted(now, replica, out);
        } else {
            drops.ordered(replica.id());
            if (replica.isInventory() && replica.readoption() != null) {
                drops.cancel(replica.readoption().id());
            }
            obey(replica, out);
        }
    }

    /** Answers an order for a replica that the index does not have. */
    private void absent(Order order, Step.Builder out) {
        Report report = report(order.replicaId(), Report.Result.ABSENT, null);
        if (absent.size() < ABSENT_MAX) {
            absent.put(order.replicaId(), report);
        }
        out.effect(new Effect.Publish(report));
    }

    /** Obeys an order for a replica whose registration is answered. */
    private void obey(ReplicaRecord replica, Step.Builder out) {
        switch (replica.state()) {
            case PENDING -> throw new IllegalStateException("replica " + replica.id() + " is pending");
            case LIVE, HIDDEN -> {
                table.doom(replica, true, out);
                reportIfHeld(replica.id(), out);
            }
            case DOOMED -> {
                table.markOrdered(replica, out);
                reportIfHeld(replica.id(), out);
            }
            case TRASH -> table.markOrdered(replica, out);
            case GONE -> out.effect(new Effect.Publish(table.report(replica)));
        }
    }

    private void reportIfHeld(ReplicaId id, Step.Builder out) {
        ReplicaRecord replica = table.get(id);
        if (replica != null && table.heldUntil(id).isPresent()) {
            out.effect(new Effect.Publish(table.report(replica)));
        }
    }

    void notUnderstood(ReplicaId id, String why, Step.Builder out) {
        out.effect(new Effect.Publish(report(id, Report.Result.NOT_UNDERSTOOD, why)));
    }

    void failed(Instant now, ReplicaId id, String why, Step.Builder out) {
        Failure before = failures.get(id);
        int attempts = before == null ? 1 : before.attempts() + 1;
        failures.put(id, new Failure(why, attempts, now.plus(pause(attempts))));
        ReplicaRecord replica = table.get(id);
        if (replica != null && replica.ordered()) {
            out.effect(new Effect.Publish(report(id, Report.Result.FAILED, why)));
        }
    }

    /** Doubles the pause with each attempt. */
    private Duration pause(int attempts) {
        Duration doubled = times.removalRetry().multipliedBy(1L << Math.min(attempts - 1, 20));
        return doubled.compareTo(RETRY_MAX) > 0 ? RETRY_MAX : doubled;
    }

    /** Notes that a step of a removal succeeded, so that the next failure is a first one. */
    void succeeded(ReplicaId id) {
        failures.remove(id);
    }

    /** Retries the failed removals that are due. */
    void retry(Instant now, Step.Builder out) {
        failures.entrySet().removeIf(failure -> {
            if (failure.getValue().retryAt().isAfter(now)) {
                return false;
            }
            boolean begun = removeAgain(failure.getKey(), out);
            failure.setValue(failure.getValue().underWay());
            return !begun;
        });
    }

    /** @return false if there is nothing to remove now: the replica is gone, or held again. The end of the last hold begins its removal */
    private boolean removeAgain(ReplicaId id, Step.Builder out) {
        ReplicaRecord replica = table.get(id);
        if (replica != null && replica.state() == ReplicaState.TRASH) {
            out.effect(new Effect.Unlink(replica.image()));
            return true;
        }
        return table.releaseIfUnheld(id, out);
    }

    /** Returns the time of the next retry of a failed removal; {@link Instant#MAX} if none failed. */
    Instant nextRetry() {
        return failures.values().stream().map(Failure::retryAt).min(Instant::compareTo).orElse(Instant.MAX);
    }

    /** Returns reports that the registry has not acknowledged, at most as many as one heartbeat carries. */
    List<Report> unacknowledged() {
        return Stream.concat(absent.values().stream(), table.underOrder().flatMap(this::unacknowledged)).limit(REPORTS_AT_ONCE).toList();
    }

    private Stream<Report> unacknowledged(ReplicaRecord ordered) {
        Failure failure = failures.get(ordered.id());
        if (failure != null) {
            return Stream.of(report(ordered.id(), Report.Result.FAILED, failure.why()));
        }
        boolean held = ordered.state() == ReplicaState.DOOMED && table.heldUntil(ordered.id()).isPresent();
        return held || ordered.state() == ReplicaState.GONE ? Stream.of(table.report(ordered)) : Stream.empty();
    }

    void acknowledged(Collection<ReplicaId> ids, Step.Builder out) {
        for (ReplicaId id : ids) {
            absent.remove(id);
            table.acknowledged(id, out);
        }
    }

    private Report report(ReplicaId id, Report.Result result, @Nullable String why) {
        return new Report(id, identity.hostId(), identity.storeId(), result, null, why, 0);
    }
}
