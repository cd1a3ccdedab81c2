package dev.spillway.simulation;

import dev.spillway.events.Order;
import dev.spillway.events.protocol.Sender;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.store.Rows;
import dev.spillway.worker.core.model.Delivery;
import dev.spillway.worker.core.model.IndexChange;
import dev.spillway.worker.core.model.IndexContents;
import dev.spillway.worker.core.model.Offer;
import dev.spillway.worker.core.model.ReplicaRecord;
import java.util.Collection;
import java.util.List;

/**
 * The production behaviour between the cores and the simulated world. A test plants a bug by overriding one of these methods; the cores themselves
 * are never changed. Each run has an instance of its own.
 */
class Product {
    /** Returns the rows that a transaction of these commands sees. */
    Rows rows(Rows stored, List<Command<?>> commands) {
        return stored;
    }

    /** Returns whether a transaction of these commands takes a lock, or waits for another transaction that inserts the same replica id. */
    boolean locks(List<Command<?>> commands, Locks.Kind kind, Locks.Mode mode) {
        return true;
    }

    /** Returns whether holders are read by the snapshot of the statement that waited for the lock of their namespace. */
    boolean readsHoldersWithTheLock() {
        return false;
    }

    /** Returns the command that the registry carries out. */
    Command<?> takes(Command<?> command, Rows stored) {
        return command;
    }

    /** Returns the rules of the registry. */
    RegistryRules rules(RegistryRules usual) {
        return usual;
    }

    /** Returns the outcome of a message as the worker reads it. */
    Delivery<?> read(WorkerMessage<?> message, Delivery<?> delivery) {
        return delivery;
    }

    /** Returns the message that the worker sends, given its replicas. */
    WorkerMessage<?> sends(WorkerMessage<?> message, Collection<ReplicaRecord> replicas) {
        return message;
    }

    /** Returns further messages that a worker sends when an image is offered. */
    List<WorkerMessage<?>> sendsBesides(Offer offer, Sender as) {
        return List.of();
    }

    /** Returns the changes of a step that are written to the index. */
    List<IndexChange> stores(List<IndexChange> changes) {
        return changes;
    }

    /** Returns the contents that a started worker reads from its index. */
    IndexContents loads(IndexContents stored) {
        return stored;
    }

    /** Returns the order as the worker reads it, given its replicas. */
    Order obeys(Order order, Collection<ReplicaRecord> replicas) {
        return order;
    }

    /** Returns whether the offset is made durable before its order is decided, which is a planted bug. */
    boolean movesItsPlaceFirst() {
        return false;
    }
}
