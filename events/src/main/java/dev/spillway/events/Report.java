package dev.spillway.events;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Tells the registry the state of an order at its host. {@code DELETED} and {@code ABSENT} close the order.
 *
 * @param until      for {@code DEFERRED}, the end of the last hold by the host's clock
 * @param why        for {@code FAILED} and {@code NOT_UNDERSTOOD}, the reason in one line
 * @param bytesFreed allocated bytes that the deletion freed on the disk
 */
public record Report(
        ReplicaId replicaId,
        HostId hostId,
        StoreId storeId,
        Result result,
        @Nullable Instant until,
        @Nullable String why,
        long bytesFreed) {
    /** The result of an order, or the reason why it is still open. */
    public enum Result {
        /** The image is unlinked. */
        DELETED,
        /** The host has nothing of the replica. */
        ABSENT,
        /** The replica is held. New readers do not see it, and it is deleted when the last hold ends. */
        DEFERRED,
        /** Deleting failed; the host tries again. */
        FAILED,
        /** The host cannot read this order. */
        NOT_UNDERSTOOD;

        /** Returns whether this result closes the order. */
        public boolean closes() {
            return switch (this) {
                case DELETED, ABSENT -> true;
                case DEFERRED, FAILED, NOT_UNDERSTOOD -> false;
            };
        }
    }

    private static final int WHY_CHARACTERS_MAX = 500;

    public Report {
        if (why != null) {
            why = TextBounds.line(why, WHY_CHARACTERS_MAX);
        }
    }
}
