package dev.spillway.worker.core.model;

import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.worker.core.HostAgent;

/** An action to carry out once the changes of its step are durable. */
public sealed interface Effect {
    /** Sends a message to the registry; the outcome goes into {@link HostAgent#delivered}. */
    record Send(WorkerMessage<?> message) implements Effect {}

    /**
     * Renames an image into the trash; the outcome goes into {@link HostAgent#trashed} or {@link HostAgent#removalFailed}. Idempotent.
     *
     * @param id name of the image on the disk
     */
    record MoveToTrash(ReplicaId id) implements Effect {}

    /**
     * Unlinks an image in the trash; the outcome goes into {@link HostAgent#unlinked} or {@link HostAgent#removalFailed}. Idempotent.
     *
     * @param id name of the image on the disk
     */
    record Unlink(ReplicaId id) implements Effect {}

    /** Publishes a report to Kafka. It may be lost, because the heartbeat carries it too. */
    record Publish(Report report) implements Effect {}

    /** Tells the callers that wait for a replica its outcome. */
    record Settle(ReplicaId id, PutOutcome outcome) implements Effect {}

    /** Reads orders from this partition from now on: from the {@link OrderPosition} in the index if that is of this partition. */
    record Follow(int partition) implements Effect {}
}
