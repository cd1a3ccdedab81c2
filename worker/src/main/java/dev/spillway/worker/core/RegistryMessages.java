package dev.spillway.worker.core;

import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.DiscrepancyAnswer;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.DropAnswer;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.FencedMessage;
import dev.spillway.events.protocol.HeartbeatAnswer;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.ReadoptRequest;
import dev.spillway.events.protocol.ReconcileAnswer;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.Sender;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.worker.core.model.Delivery;
import dev.spillway.worker.core.model.HostTimes;
import dev.spillway.worker.core.model.Step;
import java.time.Duration;
import java.time.Instant;

/**
 * Exchanges messages with the registry: sends those that are due, hands each answer to the part that asked, and asks again where no answer came.
 * Not thread-safe.
 */
final class RegistryMessages {
    private final RegistrySession session;
    private final Registering registering;
    private final ReplicaDrops drops;
    private final Readopting readopting;
    private final Reconciling reconciling;
    private final Heartbeats heartbeats;
    private final Duration retry;
    private Instant retryAt = Instant.MIN;

    RegistryMessages(
            RegistrySession session,
            Registering registering,
            ReplicaDrops drops,
            Readopting readopting,
            Reconciling reconciling,
            Heartbeats heartbeats,
            HostTimes times) {
        this.session = session;
        this.registering = registering;
        this.drops = drops;
        this.readopting = readopting;
        this.reconciling = reconciling;
        this.heartbeats = heartbeats;
        this.retry = times.retry();
    }

    /** Returns the latest time at which {@link #tick} must be called. */
    Instant nextTick() {
        if (!session.isJoined()) {
            return session.nextJoin();
        }
        Instant next = heartbeats.next();
        next = readopting.next().isBefore(next) ? readopting.next() : next;
        return retryAt.isBefore(next) && retryAt.isAfter(Instant.MIN) ? retryAt : next;
    }

    void tick(Instant now, Step.Builder out) {
        Sender sender = session.sender();
        if (sender == null) {
            if (!session.nextJoin().isAfter(now)) {
                join(now, out);
            }
            return;
        }
        if (!retryAt.isAfter(now)) {
            retryAt = now.plus(retry);
            sendWaiting(now, sender, out);
        }
        if (heartbeats.isDue(now)) {
            registering.sendUses(now, sender, out);
            heartbeats.send(now, sender, out);
        }
        readopting.tick(now, sender, out);
        reconciling.tick(now, sender, out);
    }

    void join(Instant now, Step.Builder out) {
        heartbeats.unanswered();
        drops.unanswered();
        registering.usesUnanswered();
        readopting.breakOff();
        reconciling.breakOff();
        session.join(now, out);
    }

    private void joined(Instant now, JoinAnswer.Joined joined, Step.Builder out) {
        retryAt = now.plus(retry);
        reconciling.joined(now, joined.intervals().reconcile());
        heartbeats.joined(now, joined, out);
        registering.recallUses();
        Sender sender = session.sender();
        if (sender != null) {
            sendWaiting(now, sender, out);
            readopting.tick(now, sender, out);
        }
    }

    private void sendWaiting(Instant now, Sender as, Step.Builder out) {
        registering.send(now, as, out);
        drops.send(as, session.readopts(), out);
    }

    void delivered(Instant now, WorkerMessage<?> message, Delivery<?> delivery, Step.Builder out) {
        registering.ended(message);
        take(now, message, delivery, out);
        if (delivery instanceof Delivery.Replied<?>) {
            registering.sendArtifacts(now, out);
        }
    }

    private void take(Instant now, WorkerMessage<?> message, Delivery<?> delivery, Step.Builder out) {
        if (message instanceof FencedMessage<?> fenced && delivery instanceof Delivery.Replied<?>(Reply<?> reply)) {
            if (!fenced.sender().equals(session.sender())) {
                // An answer to an earlier incarnation may be stale: the rows that it names may be closed, and the inventory that it is about may be
                // old.
                unanswered(now, message);
                return;
            }
            if (reply instanceof Reply.Fenced<?>) {
                unanswered(now, message);
                join(now, out);
                return;
            }
        }
        switch (delivery) {
            case Delivery.Replied<?>(Reply.Accepted<?>(Object answer)) -> answered(now, message, answer, out);
            case Delivery.Replied<?>(Reply.Fenced<?> _) -> session.joinFailed(now);
            case Delivery.NotDelivered<?> _ -> {
                if (message instanceof RegisterRequest register) {
                    registering.notDelivered(register);
                } else if (message instanceof AttachRequest attach) {
                    registering.notDelivered(attach);
                }
                unanswered(now, message);
            }
            case Delivery.Lost<?> _ -> unanswered(now, message);
        }
        if (message instanceof TouchRequest) {
            // Puts wait for any outcome only: a touch that no coordinator can take must not delay them for ever.
            registering.sendReady(out);
        }
    }

    private void answered(Instant now, WorkerMessage<?> message, Object answer, Step.Builder out) {
        switch (message) {
            case JoinRequest _ -> session.answered(now, (JoinAnswer) answer, out).ifPresent(joined -> joined(now, joined, out));
            case RegisterRequest _ -> registering.settle(now, (ReplicaOutcomes) answer, out);
            case AttachRequest _ -> registering.settle(now, (ReplicaOutcomes) answer, out);
            case ResolveRequest _ -> registering.settle(now, (ReplicaOutcomes) answer, out);
            case ReadoptRequest readopt -> readopting.answered(now, readopt, (ReplicaOutcomes) answer, out);
            case DropRequest drop -> drops.answered(drop, (DropAnswer) answer, out);
            case TouchRequest touch -> registering.usesCounted(touch);
            case HeartbeatRequest heartbeat -> heartbeats.answered(now, heartbeat, (HeartbeatAnswer) answer, out);
            case ReconcileRequest request -> reconciling.compare(now, request, (ReconcileAnswer) answer, out);
            case DiscrepancyRequest _ -> reconciling.reconciled(now, (DiscrepancyAnswer) answer, out);
        }
    }

    /** Notes that a message gets no answer, so that the part that sent it asks again. */
    private void unanswered(Instant now, WorkerMessage<?> message) {
        switch (message) {
            case JoinRequest _ -> session.joinFailed(now);
            case RegisterRequest register -> registering.unanswered(register);
            case AttachRequest attach -> registering.unanswered(attach);
            case ResolveRequest resolve -> registering.unanswered(resolve);
            case ReadoptRequest _ -> readopting.unanswered(now);
            case DropRequest _ -> drops.unanswered();
            case TouchRequest touch -> registering.usesUnanswered(touch);
            case HeartbeatRequest _ -> heartbeats.unanswered();
            case ReconcileRequest _, DiscrepancyRequest _ -> reconciling.later(now);
        }
    }
}
