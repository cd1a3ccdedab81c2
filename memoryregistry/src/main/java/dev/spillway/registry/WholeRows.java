package dev.spillway.registry;

/** All kinds of rows in one object. */
public interface WholeRows extends Rows, HostRows, NamespaceRows, EntryRows, ReplicaRows, OrderRows, EvictionRows {
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
