package dev.spillway.registry.model;

import dev.spillway.events.OrderCause;
import java.time.Instant;

/** A replica row on its way into the history. */
public record ClosedReplica(ReplicaRow row, Result result, Instant at) {
    /** Returns whether its host deleted a replica that was never registered. */
    public boolean isDeletedOrphan() {
        OpenOrder doom = row.doom();
        return result == Result.DELETED && doom != null && doom.cause() == OrderCause.ORPHAN;
    }

    /** The result of a closed replica row. */
    public enum Result {
        /** Its host unlinked it. */
        DELETED,
        /** Its host did not have it. */
        ABSENT,
        /** Its host lost it. */
        LOST,
        /** Its store's own limits dropped it. */
        BOUNDS,
        /** Its host no longer needed it. */
        CANCELLED,
        /** Its host was retired. */
        ABANDONED,
        /** After a restore of the registry, its host reported the image under a new replica id. */
        READOPTED
    }
}
