package dev.spillway.worker.core;

import dev.spillway.events.EntryName;
import dev.spillway.events.ReplicaId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The progress of each pending replica's registration. Registrations of one key run one after the other: the next is sent when the earlier one is
 * answered or resolved. Not thread-safe.
 */
final class Registrations {
    private enum Progress {
        /** Never sent, or surely not arrived. */
        QUEUED,
        /** Sent, the answer may still come. */
        SENT,
        /** Sent, and no answer will come: to be resolved. */
        UNSURE,
        /** Resolve sent, the answer may still come. */
        RESOLVING
    }

    private final Map<ReplicaId, Progress> progress = new HashMap<>();
    private final Map<EntryName, Deque<ReplicaId>> queues = new HashMap<>();

    void queue(ReplicaRecord pending) {
        progress.put(pending.id(), Progress.QUEUED);
        queues.computeIfAbsent(pending.name(), ignored -> new ArrayDeque<>()).add(pending.id());
    }

    /** Adds a replica that was pending at the start. Whether its registration was sent is unknown. */
    void found(ReplicaRecord pending) {
        queue(pending);
        progress.put(pending.id(), Progress.UNSURE);
    }

    /** Returns the first of a key's queue if it is to be sent now. */
    @Nullable
    ReplicaId toSend(EntryName name) {
        Deque<ReplicaId> queue = queues.get(name);
        ReplicaId first = queue == null ? null : queue.peek();
        return first != null && progress.get(first) == Progress.QUEUED ? first : null;
    }

    /** Returns the keys that have something to send. */
    List<EntryName> ready() {
        return queues.keySet().stream().filter(name -> toSend(name) != null).sorted().toList();
    }

    void sent(ReplicaId id) {
        progress.replace(id, Progress.SENT);
    }

    void notDelivered(ReplicaId id) {
        progress.replace(id, Progress.SENT, Progress.QUEUED);
    }

    void unanswered(ReplicaId id) {
        progress.replace(id, Progress.SENT, Progress.UNSURE);
        progress.replace(id, Progress.RESOLVING, Progress.UNSURE);
    }

    /** Returns replicas to resolve now, and marks them as being resolved. */
    List<ReplicaId> resolveNext(int limit) {
        List<ReplicaId> unsure = new ArrayList<>();
        progress.forEach((id, at) -> {
            if (at == Progress.UNSURE && unsure.size() < limit) {
                unsure.add(id);
            }
        });
        unsure.sort(null);
        unsure.forEach(id -> progress.replace(id, Progress.RESOLVING));
        return unsure;
    }

    boolean isQueued(ReplicaId id) {
        return progress.get(id) == Progress.QUEUED;
    }

    void settled(ReplicaRecord replica) {
        progress.remove(replica.id());
        queues.computeIfPresent(replica.name(), (name, queue) -> {
            queue.remove(replica.id());
            return queue.isEmpty() ? null : queue;
        });
    }
}
