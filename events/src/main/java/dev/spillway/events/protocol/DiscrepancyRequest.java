package dev.spillway.events.protocol;

import dev.spillway.events.EntryKey;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import java.util.List;

/**
 * Tells the registry the differences between a host's inventory and the registry's rows. The registry acts on a difference only after a grace period
 * and a second look.
 *
 * @param ghosts         the first ghosts: rows without a replica in the host's index, or whose image is missing
 * @param orphans        the first orphans: replicas of the inventory without a row
 * @param inventory      number of all replicas in the inventory
 * @param unnamedGhosts  number of further ghosts, which this message does not name
 * @param unnamedOrphans number of further orphans, which this message does not name
 */
public record DiscrepancyRequest(
        Sender sender,
        List<ReplicaId> ghosts,
        List<Orphan> orphans,
        long inventory,
        long unnamedGhosts,
        long unnamedOrphans) implements FencedMessage<DiscrepancyAnswer> {
    public DiscrepancyRequest {
        InvalidValueException.requireCount("unnamedGhosts", unnamedGhosts);
        InvalidValueException.requireCount("unnamedOrphans", unnamedOrphans);
    }

    /** Names all differences. */
    public DiscrepancyRequest(Sender sender, List<ReplicaId> ghosts, List<Orphan> orphans, long inventory) {
        this(sender, ghosts, orphans, inventory, 0, 0);
    }

    public record Orphan(ReplicaId replicaId, NamespaceName namespace, EntryKey key, long generation, long sizeBytes) {
        public Orphan {
            InvalidValueException.requireAtLeast("generation", generation, 1);
            InvalidValueException.requireAtLeast("sizeBytes", sizeBytes, 0);
        }
    }
}
