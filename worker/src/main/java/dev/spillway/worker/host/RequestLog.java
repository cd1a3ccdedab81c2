package dev.spillway.worker.host;

import dev.spillway.events.ReplicaId;
import dev.spillway.worker.core.Effect;
import dev.spillway.worker.core.IndexChange;
import dev.spillway.worker.core.KeptRequest;
import dev.spillway.worker.core.PutOutcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The requests that came with an idempotency key. The answer of a put is kept in the step that brings it. A put that was refused or surely not
 * registered is forgotten, so that its key may try again. Used by the host's thread.
 */
final class RequestLog {
    private static final Duration SWEPT_EVERY = Duration.ofMinutes(10);

    /** Puts that are not answered yet. */
    private final Map<ReplicaId, KeptRequest.Put> open = new HashMap<>();
    private final Duration keptFor;
    private Instant sweepAt = Instant.MIN;

    RequestLog(Collection<KeptRequest> stored, Duration keptFor) {
        this.keptFor = keptFor;
        for (KeptRequest request : stored) {
            if (request instanceof KeptRequest.Put put && put.outcome() == null) {
                open.put(put.replicaId(), put);
            }
        }
    }

    IndexChange begin(KeptRequest.Put request) {
        open.put(request.replicaId(), request);
        return new IndexChange.PutRequest(request);
    }

    /** Returns the changes that keep the answers settled by the effects of a round. */
    List<IndexChange> settled(List<Effect> effects) {
        List<IndexChange> changes = new ArrayList<>();
        for (Effect effect : effects) {
            if (effect instanceof Effect.Settle(var id, var outcome)) {
                KeptRequest.Put request = open.remove(id);
                if (request != null) {
                    changes.add(answer(request, outcome));
                }
            }
        }
        return changes;
    }

    private IndexChange answer(KeptRequest.Put request, PutOutcome outcome) {
        return switch (outcome) {
            // A generation that is gone never comes back.
            case PutOutcome.Stored _,PutOutcome.Evicted _,PutOutcome.Gone _ -> new IndexChange.PutRequest(request.settled(outcome));
            // Nothing was stored. A later attempt may meet no drain, another limit, or an existing namespace.
            case PutOutcome.Refused _,PutOutcome.NotRegistered _ -> new IndexChange.RemoveRequest(request.key());
            case PutOutcome.Unknown _ -> begin(request);
        };
    }

    /** Returns the changes that forget requests kept for long enough. */
    List<IndexChange> expired(Collection<KeptRequest> kept, Instant now) {
        if (sweepAt.isAfter(now)) {
            return List.of();
        }
        sweepAt = now.plus(SWEPT_EVERY);
        Instant oldest = now.minus(keptFor);
        return kept.stream()
                .filter(request -> mayGo(request) && request.since().isBefore(oldest))
                .map(request -> (IndexChange) new IndexChange.RemoveRequest(request.key()))
                .toList();
    }

    /** Returns whether a request may be forgotten. A put without an answer may still be registered, however old it is. */
    private static boolean mayGo(KeptRequest request) {
        return switch (request) {
            case KeptRequest.Put put -> put.outcome() != null;
            case KeptRequest.Deletion _ -> true;
        };
    }
}
