package dev.spillway.worker.core.model;

import java.io.IOException;
import java.util.List;

/** The durable index of a host: its membership, replicas, holds, requests and position in the orders. Used by one thread. */
public interface HostIndex {
    /**
     * Returns everything that was applied. A batch is there as a whole or not at all.
     *
     * @throws IOException naming what cannot be read: a damaged index, or one of a newer version, is never taken for an empty one
     */
    IndexContents load() throws IOException;

    /**
     * Makes changes durable, in their order and atomically. When this returns, they survive a loss of power. After a crash, all of them are there or
     * none is.
     *
     * @throws IOException if the changes may not be durable. The next start finds all of them or none; nothing more may be applied before it
     */
    void apply(List<IndexChange> changes) throws IOException;
}
