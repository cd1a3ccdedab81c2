package dev.spillway.worker.core;

import dev.spillway.events.protocol.HeartbeatAnswer;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HeldReplica;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.events.protocol.Sender;
import dev.spillway.worker.core.model.Effect;
import dev.spillway.worker.core.model.HostTimes;
import dev.spillway.worker.core.model.ReplicaInUse;
import dev.spillway.worker.core.model.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The periodic exchange with the registry. It sends figures and reports; it receives policies, intervals, the partition and overdue orders. Not
 * thread-safe.
 */
final class Heartbeats {
    private final RegistrySession session;
    private final HostReplicas table;
    private final OrderExecution orders;
    private final Reconciling reconciling;
    private HostFigures figures = HostFigures.NONE;
    private PolicySet policies = new PolicySet(0, List.of());
    private int following = -1;
    private Instant at = Instant.MAX;
    private Duration every;
    private boolean sent;
    /** Replicas in use that the registry has from this host; null if it is to be told again. */
    private @Nullable List<ReplicaInUse> told;
    private List<ReplicaInUse> telling = List.of();
    private Instant tellAgain = Instant.MAX;

    Heartbeats(RegistrySession session, HostReplicas table, OrderExecution orders, Reconciling reconciling, HostTimes times) {
        this.session = session;
        this.table = table;
        this.orders = orders;
        this.reconciling = reconciling;
        this.every = times.retry();
    }

    PolicySet policies() {
        return policies;
    }

    Instant next() {
        return at;
    }

    void describe(HostFigures latest) {
        figures = latest;
    }

    void joined(Instant now, JoinAnswer.Joined joined, Step.Builder out) {
        policies = joined.policies();
        told = null;
        session.drains(joined.draining());
        every = joined.intervals().heartbeat();
        at = now;
        follow(joined.partition(), out);
    }

    boolean isDue(Instant now) {
        return !at.isAfter(now);
    }

    void send(Instant now, Sender as, Step.Builder out) {
        at = now.plus(every);
        if (!sent) {
            sent = true;
            out.effect(
                    new Effect.Send(
                            new HeartbeatRequest(
                                    as,
                                    figures,
                                    orders.unacknowledged(),
                                    policies.version(),
                                    session.membership().highestGeneration(),
                                    newlyHeld(now))));
        }
    }

    /** Returns the replicas in use; null if the registry has them. Once they are sent, it may have these or those that it had before. */
    private @Nullable List<HeldReplica> newlyHeld(Instant now) {
        List<ReplicaInUse> inUse = table.inUse(HeartbeatRequest.HELD_MAX);
        if (inUse.equals(told) && tellAgain.isAfter(now)) {
            return null;
        }
        told = null;
        telling = inUse;
        return inUse.stream().map(replica -> replica.toldAt(now)).toList();
    }

    void unanswered() {
        sent = false;
    }

    void answered(Instant now, HeartbeatRequest request, HeartbeatAnswer answer, Step.Builder out) {
        sent = false;
        if (!request.sender().equals(session.sender())) {
            return;
        }
        if (request.held() != null) {
            told = telling;
            // A coordinator of an earlier release kept nothing, and an earlier message may come late.
            tellAgain = now.plus(answer.intervals().reconcile());
        }
        orders.acknowledged(answer.acknowledged(), out);
        if (answer.policies() != null) {
            policies = answer.policies();
        }
        session.drains(answer.draining());
        follow(answer.partition(), out);
        every = answer.intervals().heartbeat();
        at = at.isAfter(now.plus(every)) ? now.plus(every) : at;
        reconciling.rhythm(now, answer.intervals().reconcile());
        if (answer.reconcile()) {
            reconciling.soon(now);
        }
        answer.orders().forEach(order -> orders.obey(now, order, out));
    }

    private void follow(int partition, Step.Builder out) {
        if (following != partition) {
            following = partition;
            out.effect(new Effect.Follow(partition));
        }
    }
}
