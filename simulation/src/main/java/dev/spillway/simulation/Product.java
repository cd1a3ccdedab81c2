package dev.spillway.simulation;

import dev.spillway.coordinator.core.Command;
import dev.spillway.coordinator.core.RegistryRules;
import dev.spillway.coordinator.core.Rows;
import dev.spillway.events.Order;
import dev.spillway.events.protocol.Sender;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.worker.core.Delivery;
import dev.spillway.worker.core.IndexChange;
import dev.spillway.worker.core.IndexContents;
import dev.spillway.worker.core.Offer;
import dev.spillway.worker.core.ReplicaRecord;
import java.util.Collection;
import java.util.List;

/**
 * What stands between the cores and the simulated world, as the product does it. A test plants a bug by doing one of these wrong; the cores
 * themselves are never touched. One run has one of its own.
 */
class Product {
    /** The rows that a transaction of these commands sees. */
    Rows rows(Rows stored, List<Command<?>> commands) {
        return stored;
    }

    /** Whether a transaction of these commands takes a lock, or waits for another that inserts the same replica id. */
    boolean locks(List<Command<?>> commands, Locks.Kind kind, Locks.Mode mode) {
        return true;
    }

    /** Whether holders are read as they were when the statement began that waited for their namespace. */
    boolean readsHoldersWithTheLock() {
        return false;
    }

    /** As what the registry takes a command. */
    Command<?> takes(Command<?> command, Rows stored) {
        return command;
    }

    /** The bounds by which the registry decides. */
    RegistryRules rules(RegistryRules usual) {
        return usual;
    }

    /** How a worker reads what came of a message. */
    Delivery<?> read(WorkerMessage<?> message, Delivery<?> delivery) {
        return delivery;
    }

    /** As what a worker's message leaves, with the replicas that it has then. */
    WorkerMessage<?> sends(WorkerMessage<?> message, Collection<ReplicaRecord> replicas) {
        return message;
    }

    /** What a worker sends by itself when an image is offered. */
    List<WorkerMessage<?>> sendsBesides(Offer offer, Sender as) {
        return List.of();
    }

    /** What of a step's changes reaches the index. */
    List<IndexChange> stores(List<IndexChange> changes) {
        return changes;
    }

    /** What a started worker takes from its index. */
    IndexContents loads(IndexContents stored) {
        return stored;
    }

    /** How a worker reads an order, with the replicas that it has. */
    Order obeys(Order order, Collection<ReplicaRecord> replicas) {
        return order;
    }

    /** Whether the place in the orders is made durable before the order there is decided. */
    boolean movesItsPlaceFirst() {
        return false;
    }
}
