package dev.spillway.worker.core;

import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.protocol.WorkerMessage;

/** Something to carry out once the changes of its step are durable. */
public sealed interface Effect {
    /** Sends a message to the registry; what comes of it goes into {@link HostAgent#delivered}. */
    record Send(WorkerMessage<?> message) implements Effect {}

    /** Renames an image into the trash, by the id that it is named by on the disk; then {@link HostAgent#trashed} or {@link HostAgent#removalFailed}. Harmless when repeated. */
    record MoveToTrash(ReplicaId id) implements Effect {}

    /** Unlinks what the trash has of an image, by the id that it is named by on the disk; then {@link HostAgent#unlinked} or {@link HostAgent#removalFailed}. Harmless when repeated. */
    record Unlink(ReplicaId id) implements Effect {}

    /** Publishes a report; may be lost, because the heartbeat carries it too. */
    record Publish(Report report) implements Effect {}

    /** Tells whoever offered a replica what became of it. */
    record Settle(ReplicaId id, PutOutcome outcome) implements Effect {}

    /** Reads orders from this partition from now on; the position says where to begin, if it is of that partition. */
    record Follow(int partition) implements Effect {}
}
