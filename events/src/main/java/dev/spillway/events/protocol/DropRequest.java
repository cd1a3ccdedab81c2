package dev.spillway.events.protocol;

import dev.spillway.events.InvalidValueException;
import dev.spillway.events.ReplicaId;
import java.util.List;

/**
 * Tells of replicas that the host no longer has or no longer wants.
 *
 * @param unnamedLosses how many more replicas are lost than this message names
 */
public record DropRequest(Sender sender, List<Drop> items, long unnamedLosses) implements FencedMessage<DropAnswer> {
    public DropRequest {
        InvalidValueException.requireCount("unnamedLosses", unnamedLosses);
    }

    /** Names all that the host has lost. */
    public DropRequest(Sender sender, List<Drop> items) {
        this(sender, items, 0);
    }

    public record Drop(ReplicaId replicaId, Reason reason) {}

    /** Why a host drops a replica. */
    public enum Reason {
        /** It is not on the disk any more. */
        LOST,
        /** The store's own limits dropped it. */
        BOUNDS,
        /** It was pending and is not wanted any more. */
        CANCELLED
    }
}
