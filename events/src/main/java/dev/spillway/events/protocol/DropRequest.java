package dev.spillway.events.protocol;

import dev.spillway.events.ReplicaId;
import java.util.List;

/** Tells of replicas that the host no longer has or no longer wants. */
public record DropRequest(Sender sender, List<Drop> items) implements FencedMessage<DropAnswer> {
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
