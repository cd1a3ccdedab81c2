package dev.spillway.memoryregistry;

import dev.spillway.registry.store.EntryRows;
import dev.spillway.registry.store.EvictionRows;
import dev.spillway.registry.store.ExpiryRows;
import dev.spillway.registry.store.HostRows;
import dev.spillway.registry.store.NamespaceRows;
import dev.spillway.registry.store.OrderRows;
import dev.spillway.registry.store.ReplicaRows;
import dev.spillway.registry.store.Rows;

/** All kinds of rows in one object. */
public interface WholeRows extends Rows, HostRows, NamespaceRows, EntryRows, ExpiryRows, ReplicaRows, OrderRows, EvictionRows {
    @Override
    default HostRows hosts() {
        return this;
    }

    @Override
    default NamespaceRows namespaces() {
        return this;
    }

    @Override
    default EntryRows entries() {
        return this;
    }

    @Override
    default ExpiryRows expiry() {
        return this;
    }

    @Override
    default ReplicaRows replicas() {
        return this;
    }

    @Override
    default OrderRows orders() {
        return this;
    }

    @Override
    default EvictionRows evictions() {
        return this;
    }
}
