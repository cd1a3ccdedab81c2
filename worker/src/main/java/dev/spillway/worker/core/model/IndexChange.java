package dev.spillway.worker.core.model;

import dev.spillway.events.ReplicaId;
import java.util.UUID;

/** One change of the index. The changes of one {@link Step} become durable together, or not at all. */
public sealed interface IndexChange {
    /** Stores a replica's record in place of any earlier one. */
    record PutReplica(ReplicaRecord replica) implements IndexChange {}

    record RemoveReplica(ReplicaId id) implements IndexChange {}

    record PutHold(Hold hold) implements IndexChange {}

    record RemoveHold(UUID id) implements IndexChange {}

    record PutMembership(Membership membership) implements IndexChange {}

    record PutPosition(OrderPosition position) implements IndexChange {}

    /** Keeps a request in place of any earlier one with its key. */
    record PutRequest(KeptRequest request) implements IndexChange {}

    record RemoveRequest(String key) implements IndexChange {}
}
