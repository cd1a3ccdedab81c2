package dev.spillway.worker.host;

import dev.spillway.events.ReplicaId;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.host.Promises.Promise;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The callers that wait for the outcome of a replica; several if a put was repeated. Used by the host's thread. */
final class PutWaiters {
    private final Map<ReplicaId, List<Promise<PutOutcome>>> waiting = new HashMap<>();

    void add(ReplicaId id, Promise<PutOutcome> settled) {
        waiting.computeIfAbsent(id, ignored -> new ArrayList<>()).add(settled);
    }

    /** Returns whether this caller still waits. */
    boolean isWaiting(ReplicaId id, Promise<PutOutcome> settled) {
        return !settled.isKept() && waiting.getOrDefault(id, List.of()).contains(settled);
    }

    void leave(ReplicaId id, Promise<PutOutcome> settled) {
        waiting.computeIfPresent(id, (same, promises) -> {
            promises.remove(settled);
            return promises.isEmpty() ? null : promises;
        });
    }

    /** Removes and returns all callers that wait for a replica. */
    List<Promise<PutOutcome>> settled(ReplicaId id) {
        List<Promise<PutOutcome>> promises = waiting.remove(id);
        return promises == null ? List.of() : promises;
    }
}
