package dev.spillway.events.protocol;

import dev.spillway.events.InvalidValueException;
import dev.spillway.events.ReplicaId;
import java.util.List;

/**
 * Tells the registry of replicas that the host no longer has or no longer wants.
 *
 * @param unnamedLosses number of further lost replicas, which this message does not name
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

    /** Reasons for which a host drops a replica. */
    public enum Reason {
        /** Its image is missing or damaged on the disk. */
        LOST,
        /** The host drops it by its own bounds, because it has another copy of the generation. */
        BOUNDS,
        /** It was pending and is not wanted any more. */
        CANCELLED
    }
}
