package dev.spillway.events.protocol;

import dev.spillway.events.EntryKey;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import java.util.List;

/**
 * How a host's inventory differs from the registry's rows. The registry looks again before it acts, and acts after a grace period only.
 *
 * @param ghosts         rows of which the host has nothing, neither in its index nor in its trash; the first of them
 * @param orphans        replicas of the inventory without a row; the first of them
 * @param inventory      how many replicas the inventory has in all
 * @param unnamedGhosts  how many more ghosts there are than this message names
 * @param unnamedOrphans how many more orphans, likewise
 */
public record DiscrepancyRequest(Sender sender, List<ReplicaId> ghosts, List<Orphan> orphans, long inventory, long unnamedGhosts,
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
