package dev.spillway.events;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a host says about an order. {@code DELETED} and {@code ABSENT} close it.
 *
 * @param until      for {@code DEFERRED}: when the last hold runs out by the host's clock
 * @param why        for {@code FAILED} and {@code NOT_UNDERSTOOD}: one line
 * @param bytesFreed allocated bytes given back to the disk
 */
public record Report(ReplicaId replicaId, HostId hostId, StoreId storeId, Result result, @Nullable Instant until, @Nullable String why,
        long bytesFreed) {
    /** How it ended, or why not yet. */
    public enum Result {
        /** The image is unlinked. */
        DELETED,
        /** Nothing of it was there. */
        ABSENT,
        /** Somebody holds it; invisible to new readers, deleted when the last hold ends. */
        DEFERRED,
        /** Deleting failed; the host tries again. */
        FAILED,
        /** The host cannot read this order. */
        NOT_UNDERSTOOD;

        /** Whether the order is over. */
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
            why = Text.line(why, WHY_CHARACTERS_MAX);
        }
    }
}
