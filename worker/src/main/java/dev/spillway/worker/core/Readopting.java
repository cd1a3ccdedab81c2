package dev.spillway.worker.core;

import dev.spillway.events.ReplicaId;
import dev.spillway.events.protocol.ReadoptRequest;
import dev.spillway.events.protocol.Readoption;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.events.protocol.Sender;
import dev.spillway.worker.core.model.ArtifactInfo;
import dev.spillway.worker.core.model.Effect;
import dev.spillway.worker.core.model.HostTimes;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import dev.spillway.worker.core.model.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Reports to a restored registry what this host has held since before the restore, least recently used first. Each replica gets a new id, durable
 * before it is sent, because orders for the old one may be on their way. The host serves the replica meanwhile. It keeps a replica that the registry
 * refuses, and asks again later. Not thread-safe.
 */
final class Readopting {
    private static final int AT_ONCE = 500;

    private final HostReplicas table;
    private final RegistrySession session;
    private final ReplicaDrops drops;
    private final Duration retry;
    private final Duration refusedRetry;
    private final RandomGenerator random;
    private final Deque<ReplicaId> round = new ArrayDeque<>();
    private boolean sent;
    /** Set if the registry refused a replica in this round. */
    private boolean refused;
    private Instant at = Instant.MIN;

    Readopting(HostReplicas table, RegistrySession session, ReplicaDrops drops, HostTimes times, RandomGenerator random) {
        this.table = table;
        this.session = session;
        this.drops = drops;
        this.retry = times.retry();
        this.refusedRetry = times.joinRetryMax();
        this.random = random;
    }

    /** Returns the time of the next message; {@link Instant#MAX} if there is none, or while an answer is awaited. */
    Instant next() {
        return session.readopts() && !sent ? at : Instant.MAX;
    }

    /** Gives up the last message, and begins again with all replicas that are not readopted yet. */
    void breakOff() {
        sent = false;
        at = Instant.MIN;
        round.clear();
        refused = false;
    }

    void unanswered(Instant now) {
        breakOff();
        at = now.plus(retry);
    }

    void tick(Instant now, Sender as, Step.Builder out) {
        if (!session.readopts() || sent || at.isAfter(now)) {
            return;
        }
        List<Readoption> items = take(now, as.epoch(), out);
        if (items.isEmpty() && refused) {
            refused = false;
            at = now.plus(refusedRetry);
            return;
        }
        if (items.isEmpty()) {
            begin(as.epoch());
            items = take(now, as.epoch(), out);
        }
        sent = true;
        out.effect(new Effect.Send(new ReadoptRequest(as, items, items.isEmpty())));
    }

    private List<Readoption> take(Instant now, long epoch, Step.Builder out) {
        List<Readoption> items = new ArrayList<>();
        while (!round.isEmpty() && items.size() < AT_ONCE) {
            ReplicaRecord replica = table.get(round.remove());
            if (replica != null && replica.isOlderThan(epoch)) {
                items.add(propose(replica, now, epoch, out));
            }
        }
        return items;
    }

    private void begin(long epoch) {
        table.all()
                .stream()
                .filter(replica -> replica.isOlderThan(epoch))
                .sorted(Comparator.comparing(ReplicaRecord::lastAccessedAt).thenComparing(ReplicaRecord::id))
                .forEach(replica -> round.add(replica.id()));
    }

    /** Proposes a new id for a replica. One whose volume is missing is proposed, too: its loss is reported later, under the new id. */
    private Readoption propose(ReplicaRecord replica, Instant now, long epoch, Step.Builder out) {
        ReplicaRecord.Proposal proposal = replica.readoption();
        if (proposal == null || proposal.epoch() != epoch) {
            proposal = new ReplicaRecord.Proposal(ReplicaId.mint(now, random), epoch);
            table.propose(replica, proposal, out);
        }
        ArtifactInfo artifact = replica.artifact();
        return new Readoption(
                proposal.id(),
                replica.id(),
                replica.name().namespace(),
                replica.name().key(),
                replica.snapshotId(),
                replica.generation(),
                replica.sizeBytes(),
                replica.description(),
                replica.state() == ReplicaState.LIVE || replica.imageAwaited(),
                artifact == null ? null : artifact.content(),
                artifact == null ? null : artifact.group());
    }

    void answered(Instant now, ReadoptRequest request, ReplicaOutcomes answer, Step.Builder out) {
        for (ReplicaOutcome outcome : answer.outcomes()) {
            ReplicaRecord replica = table.proposedAs(outcome.replicaId());
            if (replica != null && replica.readoption() != null && replica.isInventory()) {
                settle(replica, replica.readoption(), outcome, out);
            }
        }
        if (!request.sender().equals(session.sender())) {
            return;
        }
        sent = false;
        at = now;
        if (request.last()) {
            session.readopted();
            breakOff();
        } else {
            tick(now, request.sender(), out);
        }
    }

    private void settle(ReplicaRecord replica, ReplicaRecord.Proposal proposal, ReplicaOutcome outcome, Step.Builder out) {
        switch (outcome) {
            case ReplicaOutcome.Registered _ -> {
                table.readopted(replica, proposal, replica.state(), out);
                drops.readopted(replica.id(), proposal.id());
            }
            case ReplicaOutcome.Superseded _ -> {
                drops.ordered(replica.id());
                table.hide(table.readopted(replica, proposal, ReplicaState.HIDDEN, out), out);
            }
            case ReplicaOutcome.Refused _ -> refused = true;
            case ReplicaOutcome.Gone _, ReplicaOutcome.Ended _ -> table.propose(replica, null, out);
        }
    }
}
