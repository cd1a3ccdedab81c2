package dev.spillway.worker.core;

import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.worker.core.model.Effect;
import dev.spillway.worker.core.model.IndexChange;
import dev.spillway.worker.core.model.KeptRequest;
import dev.spillway.worker.core.model.KeyedDeletion;
import dev.spillway.worker.core.model.KeyedPut;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.core.model.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps the changes that came with an idempotency key. The step that brings the answer to a put also keeps that answer. A put that was refused or
 * surely not registered is forgotten, so that a client may repeat it with the same key.
 */
final class KeptRequests {
    private static final Duration SWEPT_EVERY = Duration.ofMinutes(10);

    private final Map<String, KeptRequest> byKey = new HashMap<>();
    /** Puts that are not answered yet. */
    private final Map<ReplicaId, KeptRequest.Put> open = new HashMap<>();
    private final Duration keptFor;
    private Instant sweepAt = Instant.MIN;

    KeptRequests(Collection<KeptRequest> stored, Duration keptFor) {
        this.keptFor = keptFor;
        stored.forEach(this::remember);
    }

    private void remember(KeptRequest request) {
        byKey.put(request.key(), request);
        if (request instanceof KeptRequest.Put put) {
            if (put.outcome() == null) {
                open.put(put.replicaId(), put);
            } else {
                open.remove(put.replicaId());
            }
        }
    }

    /** Keeps a request in place of any earlier one with its key. */
    void keep(KeptRequest request, Step.Builder out) {
        remember(request);
        out.change(new IndexChange.PutRequest(request));
    }

    void forget(String key, Step.Builder out) {
        KeptRequest forgotten = byKey.remove(key);
        if (forgotten instanceof KeptRequest.Put put) {
            open.remove(put.replicaId());
        }
        if (forgotten != null) {
            out.change(new IndexChange.RemoveRequest(key));
        }
    }

    /** Keeps the answers that these effects give. */
    void settle(List<Effect> effects, Step.Builder out) {
        for (Effect effect : effects) {
            if (effect instanceof Effect.Settle(var id, var outcome)) {
                KeptRequest.Put request = open.get(id);
                if (request != null) {
                    answer(request, outcome, out);
                }
            }
        }
    }

    private void answer(KeptRequest.Put request, PutOutcome outcome, Step.Builder out) {
        switch (outcome) {
            // A generation that is gone never comes back.
            case PutOutcome.Stored _, PutOutcome.Evicted _, PutOutcome.Gone _ -> keep(request.settled(outcome), out);
            // Nothing was stored. A later attempt may meet no drain, another limit, or an existing namespace.
            case PutOutcome.Refused _, PutOutcome.NotRegistered _ -> forget(request.key(), out);
            case PutOutcome.Unknown _ -> {
                // The put stays open.
            }
        }
    }

    /** Returns the state of a key that a put comes with. */
    KeyedPut put(String key) {
        return switch (byKey.get(key)) {
            case null -> new KeyedPut.Begun();
            case KeptRequest.Put earlier -> new KeyedPut.Met(earlier);
            case KeptRequest.Deletion _ -> new KeyedPut.KeyTaken();
        };
    }

    /** Returns the outcome of a put that was kept; empty while its answer is open. */
    Optional<PutOutcome> outcome(KeptRequest.Put earlier) {
        return byKey.get(earlier.key()) instanceof KeptRequest.Put now && now.replicaId().equals(earlier.replicaId())
                ? Optional.ofNullable(now.outcome())
                : Optional.of(new PutOutcome.NotRegistered("its registration did not arrive"));
    }

    /** Takes a deletion's key, unless it is taken. */
    KeyedDeletion delete(Instant now, String key, String digest, Step.Builder out) {
        return switch (byKey.get(key)) {
            case null -> {
                keep(new KeptRequest.Deletion(key, digest, now, null), out);
                yield new KeyedDeletion.Begun(true);
            }
            case KeptRequest.Deletion kept when !kept.digest().equals(digest) -> new KeyedDeletion.KeyTaken();
            case KeptRequest.Deletion(var _, var _, var _, var deleted) -> deleted == null ? new KeyedDeletion.Begun(false)
                    : new KeyedDeletion.Done(deleted);
            case KeptRequest.Put _ -> new KeyedDeletion.KeyTaken();
        };
    }

    void deleted(String key, SnapshotId snapshot, Step.Builder out) {
        if (byKey.get(key) instanceof KeptRequest.Deletion deletion) {
            keep(deletion.settled(snapshot), out);
        }
    }

    /** Forgets requests that were kept for long enough. */
    void sweep(Instant now, Step.Builder out) {
        if (sweepAt.isAfter(now)) {
            return;
        }
        sweepAt = now.plus(SWEPT_EVERY);
        Instant oldest = now.minus(keptFor);
        List.copyOf(byKey.values())
                .stream()
                .filter(request -> mayGo(request) && request.since().isBefore(oldest))
                .forEach(request -> forget(request.key(), out));
    }

    /** Returns whether a request may be forgotten. A put without an answer may still be registered, however old it is. */
    private static boolean mayGo(KeptRequest request) {
        return switch (request) {
            case KeptRequest.Put put -> put.outcome() != null;
            case KeptRequest.Deletion _ -> true;
        };
    }
}
