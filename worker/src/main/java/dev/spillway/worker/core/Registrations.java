package dev.spillway.worker.core;

import dev.spillway.events.EntryName;
import dev.spillway.events.ReplicaId;
import dev.spillway.worker.core.model.ReplicaRecord;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Tracks the registration of each pending replica. Registrations of one key run one after the other: the next is sent when the earlier one is
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

    /** A pending replica. */
    private static final class Pending {
        private final EntryName name;
        private final boolean artifact;
        private Progress progress;

        Pending(EntryName name, boolean artifact, Progress progress) {
            this.name = name;
            this.artifact = artifact;
            this.progress = progress;
        }
    }

    private final Map<ReplicaId, Pending> pending = new HashMap<>();
    private final Map<EntryName, Deque<ReplicaId>> queues = new HashMap<>();
    /** Keys of directories with something to send. */
    private final Set<EntryName> ready = new LinkedHashSet<>();
    private final Set<EntryName> readyArtifacts = new LinkedHashSet<>();
    /** Replicas to resolve. */
    private final Set<ReplicaId> unsure = new LinkedHashSet<>();

    void queue(ReplicaRecord replica) {
        add(replica, Progress.QUEUED);
    }

    /** Queues a replica under its next id, in its former place among the replicas of its key. */
    void queueInPlaceOf(ReplicaRecord former, ReplicaRecord again) {
        Deque<ReplicaId> inOrder = new ArrayDeque<>();
        queues.getOrDefault(former.name(), inOrder).forEach(id -> inOrder.add(id.equals(former.id()) ? again.id() : id));
        settled(former);
        queue(again);
        queues.put(again.name(), inOrder);
        refresh(again.name());
    }

    /** Adds a replica that was pending at the start. Whether its registration was sent is unknown. */
    void found(ReplicaRecord replica) {
        add(replica, Progress.UNSURE);
    }

    private void add(ReplicaRecord replica, Progress progress) {
        Pending added = new Pending(replica.name(), replica.artifact() != null, progress);
        pending.put(replica.id(), added);
        queues.computeIfAbsent(replica.name(), ignored -> new ArrayDeque<>(1)).add(replica.id());
        changed(replica.id(), added);
    }

    private void changed(ReplicaId id, Pending changed) {
        if (changed.progress == Progress.UNSURE) {
            unsure.add(id);
        } else {
            unsure.remove(id);
        }
        refresh(changed.name);
    }

    private void refresh(EntryName name) {
        ready.remove(name);
        readyArtifacts.remove(name);
        ReplicaId first = toSend(name);
        Pending next = first == null ? null : pending.get(first);
        if (next != null) {
            (next.artifact ? readyArtifacts : ready).add(name);
        }
    }

    private void move(ReplicaId id, Progress from, Progress to) {
        Pending moved = pending.get(id);
        if (moved != null && moved.progress == from) {
            moved.progress = to;
            changed(id, moved);
        }
    }

    /** Returns whether an image of a key waits for its registration, or for the answer. */
    boolean isPending(EntryName name) {
        return queues.containsKey(name);
    }

    /** Returns the first replica in a key's queue if it is to be sent now; null if not. */
    @Nullable
    ReplicaId toSend(EntryName name) {
        Deque<ReplicaId> queue = queues.get(name);
        ReplicaId first = queue == null ? null : queue.peek();
        return first != null && isQueued(first) ? first : null;
    }

    /** Returns the keys of directories that have something to send. */
    List<EntryName> ready() {
        return ready.stream().sorted().toList();
    }

    /** Returns keys of artifacts that have something to send, those that wait longest first. */
    List<EntryName> readyArtifacts(int limit) {
        return readyArtifacts.stream().limit(limit).toList();
    }

    void sent(ReplicaId id) {
        move(id, Progress.QUEUED, Progress.SENT);
    }

    void notDelivered(ReplicaId id) {
        move(id, Progress.SENT, Progress.QUEUED);
    }

    void unanswered(ReplicaId id) {
        move(id, Progress.SENT, Progress.UNSURE);
        move(id, Progress.RESOLVING, Progress.UNSURE);
    }

    /** Returns replicas to resolve now, and marks them as being resolved. */
    List<ReplicaId> resolveNext(int limit) {
        List<ReplicaId> next = unsure.stream().limit(limit).sorted().toList();
        next.forEach(id -> move(id, Progress.UNSURE, Progress.RESOLVING));
        return next;
    }

    boolean isQueued(ReplicaId id) {
        Pending found = pending.get(id);
        return found != null && found.progress == Progress.QUEUED;
    }

    void settled(ReplicaRecord replica) {
        pending.remove(replica.id());
        unsure.remove(replica.id());
        queues.computeIfPresent(replica.name(), (name, queue) -> {
            queue.remove(replica.id());
            return queue.isEmpty() ? null : queue;
        });
        refresh(replica.name());
    }
}
