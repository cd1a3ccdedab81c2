package dev.spillway.worker.core;

import java.io.IOException;
import java.util.List;

/** A host's durable memory. Used by one thread. */
public interface HostIndex {
    /**
     * Returns everything that was applied. A batch is there as a whole or not at all.
     *
     * @throws IOException naming what cannot be read: a damaged index, or one of a newer version, is never taken for an empty one
     */
    IndexContents load() throws IOException;

    /**
     * Makes changes durable, in their order: when this returns all of them survive power loss, and whenever the process dies either all or none
     * are there.
     *
     * @throws IOException if that is not sure; the changes may be there or not after the next start, and nothing more may be applied before it
     */
    void apply(List<IndexChange> changes) throws IOException;
}
