package dev.spillway.events.protocol;

import dev.spillway.events.EntryKey;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import java.util.List;

/**
 * How a host's inventory differs from the registry's rows. The registry looks again before it acts, and acts after a grace period only.
 *
 * @param ghosts    rows of which the host has nothing, neither in its index nor in its trash
 * @param orphans   replicas of the inventory without a row
 * @param inventory how many replicas the inventory has in all
 */
public record DiscrepancyRequest(Sender sender, List<ReplicaId> ghosts, List<Orphan> orphans, long inventory)
        implements FencedMessage<DiscrepancyAnswer> {
    public record Orphan(ReplicaId replicaId, NamespaceName namespace, EntryKey key, long generation, long sizeBytes) {
        public Orphan {
            InvalidValueException.requireAtLeast("generation", generation, 1);
            InvalidValueException.requireAtLeast("sizeBytes", sizeBytes, 0);
        }
    }
}
