package dev.spillway.worker.core;

import dev.spillway.events.ReplicaId;
import dev.spillway.events.protocol.DropAnswer;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.Sender;
import dev.spillway.worker.core.model.Effect;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import dev.spillway.worker.core.model.Step;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reports registered replicas that this host cannot keep: lost ones, and surplus copies of a generation. The registry decides when they end. Not
 * thread-safe.
 */
final class ReplicaDrops {
    /** Caps the drops in one message. A coordinator takes bodies of 16 MiB, which hold about 100,000. */
    private static final int DROPPED_AT_ONCE = 50_000;

    private final HostReplicas table;
    private final Map<ReplicaId, DropRequest.Reason> waiting = new LinkedHashMap<>();
    private final Set<ReplicaId> missing = new HashSet<>();
    private boolean sent;

    ReplicaDrops(HostReplicas table) {
        this.table = table;
    }

    /** Drops a replica whose image is not on the disk. */
    void lose(ReplicaRecord replica, Step.Builder out) {
        if (replica.state() == ReplicaState.LIVE) {
            table.awaitImage(replica, out);
        }
        missing.add(replica.id());
        waiting.put(replica.id(), DropRequest.Reason.LOST);
    }

    /** Returns whether this process found no image of the replica. The registry may have kept its row until a person decides. */
    boolean isMissing(ReplicaId id) {
        return missing.contains(id);
    }

    /** Drops a copy because a newer one of the same generation is here. */
    void spare(ReplicaId id) {
        waiting.put(id, DropRequest.Reason.BOUNDS);
    }

    /** Drops an id that was proposed to the registry and is not wanted any more. */
    void cancel(ReplicaId id) {
        waiting.put(id, DropRequest.Reason.CANCELLED);
    }

    /** Forgets the drop of a replica that an order ends anyway. */
    void ordered(ReplicaId id) {
        waiting.remove(id);
    }

    /** Sends the drops that are due. After a restore of the registry, the drop of a replica waits until the replica is readopted. */
    void send(Sender as, boolean readopts, Step.Builder out) {
        if (sent) {
            return;
        }
        List<DropRequest.Drop> due = waiting.entrySet()
                .stream()
                .filter(drop -> !waitsForItsId(drop.getKey(), drop.getValue(), readopts, as.epoch()))
                .limit(DROPPED_AT_ONCE)
                .map(drop -> new DropRequest.Drop(drop.getKey(), drop.getValue()))
                .toList();
        if (!due.isEmpty()) {
            sent = true;
            Set<ReplicaId> unnamed = new HashSet<>(missing);
            due.forEach(drop -> unnamed.remove(drop.replicaId()));
            long losses = unnamed.stream().map(table::get).filter(replica -> replica != null && replica.isInventory()).count();
            out.effect(new Effect.Send(new DropRequest(as, due, losses)));
        }
    }

    /**
     * Returns whether a drop waits until its replica is readopted. A restored registry may have a row for the replica's next id, or none yet. It
     * closes none for the former id.
     */
    private boolean waitsForItsId(ReplicaId id, DropRequest.Reason reason, boolean readopts, long epoch) {
        ReplicaRecord replica = table.get(id);
        return reason != DropRequest.Reason.CANCELLED && replica != null
                && (replica.readoption() != null || (readopts && replica.isOlderThan(epoch)));
    }

    /** Continues a drop under the replica's next id. */
    void readopted(ReplicaId former, ReplicaId next) {
        if (missing.remove(former)) {
            missing.add(next);
        }
        DropRequest.Reason reason = waiting.remove(former);
        if (reason != null) {
            waiting.put(next, reason);
        }
    }

    /** Notes that the last message gets no answer. */
    void unanswered() {
        sent = false;
    }

    void answered(DropRequest drop, DropAnswer answer, Step.Builder out) {
        sent = false;
        drop.items().forEach(item -> waiting.remove(item.replicaId()));
        for (ReplicaId id : answer.closed()) {
            ReplicaRecord replica = table.get(id);
            if (replica != null && replica.isInventory()) {
                table.doom(replica, false, out);
            }
        }
    }
}
