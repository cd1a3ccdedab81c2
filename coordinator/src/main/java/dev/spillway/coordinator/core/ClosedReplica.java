package dev.spillway.coordinator.core;

import dev.spillway.events.OrderCause;
import java.time.Instant;

/** A replica row on its way into the history. */
public record ClosedReplica(ReplicaRow row, Result result, Instant at) {
    /** Returns whether its host unlinked what no registration had ever named. */
    public boolean isDeletedOrphan() {
        Doom doom = row.doom();
        return result == Result.DELETED && doom != null && doom.cause() == OrderCause.ORPHAN;
    }

    /** The result of a closed replica row. */
    public enum Result {
        /** Its host unlinked it. */
        DELETED,
        /** Its host had nothing of it. */
        ABSENT,
        /** Its host lost it. */
        LOST,
        /** Its store's own limits dropped it. */
        BOUNDS,
        /** Its host did not want it any more. */
        CANCELLED,
        /** Its host was retired. */
        ABANDONED,
        /** Its image goes on under a new id, since the registry was restored. */
        READOPTED
    }
}
