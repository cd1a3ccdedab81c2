package dev.spillway.worker.core;

import dev.spillway.events.protocol.DiscrepancyAnswer;
import dev.spillway.events.protocol.ReconcileAnswer;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.Sender;
import dev.spillway.worker.core.model.Effect;
import dev.spillway.worker.core.model.HostTimes;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import dev.spillway.worker.core.model.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Schedules the comparisons of this host with the registry, and acts on them. Not thread-safe. */
final class Reconciling {
    private final HostReplicas table;
    private final ReplicaDrops drops;
    private final RegistrySession session;
    private final Duration retry;
    private final RandomGenerator random;
    private @Nullable Reconciliation underWay;
    private boolean compared;
    private Instant at = Instant.MAX;
    private Duration every;

    Reconciling(HostReplicas table, ReplicaDrops drops, RegistrySession session, HostTimes times, RandomGenerator random) {
        this.table = table;
        this.drops = drops;
        this.session = session;
        this.retry = times.retry();
        this.random = random;
        this.every = times.retry();
    }

    void joined(Instant now, Duration interval) {
        every = interval;
        at = now;
    }

    /** Sets the interval that the registry asks for. The next comparison comes earlier if the new interval, counted from now, ends earlier. */
    void rhythm(Instant now, Duration interval) {
        if (!interval.equals(every)) {
            every = interval;
            Instant next = now.plus(jittered(interval));
            at = at.isAfter(next) ? next : at;
        }
    }

    /** Returns whether this process was compared with the registry. */
    boolean hasCompared() {
        return compared;
    }

    /** Compares as soon as that is possible. */
    void soon(Instant now) {
        if (at.isAfter(now)) {
            at = now;
        }
    }

    boolean isUnderWay() {
        return underWay != null;
    }

    /** Drops the comparison under way. It begins again after the next join. */
    void breakOff() {
        underWay = null;
    }

    void later(Instant now) {
        underWay = null;
        at = now.plus(retry);
    }

    void tick(Instant now, Sender as, Step.Builder out) {
        if (!at.isAfter(now) && underWay == null && !session.readopts()) {
            underWay = new Reconciliation(table, drops);
            out.effect(new Effect.Send(new ReconcileRequest(as, null)));
        }
    }

    void compare(Instant now, ReconcileRequest request, ReconcileAnswer answer, Step.Builder out) {
        Reconciliation current = underWay;
        if (current == null || !request.sender().equals(session.sender())) {
            return;
        }
        current.add(answer.rows());
        if (!answer.last()) {
            out.effect(new Effect.Send(new ReconcileRequest(request.sender(), answer.rows().getLast())));
            return;
        }
        List<ReplicaRecord> orphans = current.orphans();
        if (!compared || session.membership().suspended()) {
            // The store may be an older copy, or its host was retired once. A replica that the registry does not know must not be served.
            orphans.stream()
                    .filter(orphan -> orphan.state() == ReplicaState.LIVE || orphan.imageAwaited())
                    .forEach(orphan -> table.hide(orphan, out));
        }
        out.effect(new Effect.Send(current.discrepancies(request.sender(), orphans)));
        at = now.plus(jittered(every));
    }

    void reconciled(Instant now, DiscrepancyAnswer answer, Step.Builder out) {
        underWay = null;
        compared = true;
        session.suspend(false, out);
        if (answer.waiting() > 0) {
            // The registry takes its second look at the next comparison, so jitter must not delay that one.
            at = at.isAfter(now.plus(every)) ? now.plus(every) : at;
        }
    }

    private Duration jittered(Duration interval) {
        return Duration.ofMillis((long) (interval.toMillis() * (0.5 + random.nextDouble())));
    }
}
