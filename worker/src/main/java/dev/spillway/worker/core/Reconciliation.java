package dev.spillway.worker.core;

import dev.spillway.events.ReplicaId;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.Sender;
import dev.spillway.worker.core.model.ReplicaRecord;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Compares the host's inventory, as it is at the beginning, with the registry's rows, which are read afterwards. So a replica of that inventory
 * without a row has lost its row or never had one. Replicas that are registered meanwhile are not compared.
 */
final class Reconciliation {
    private static final int DISCREPANCIES_AT_ONCE = 10_000;

    private final HostReplicas table;
    private final ReplicaDrops drops;
    /** Replicas of the inventory that had no row yet. */
    private final Set<ReplicaId> withoutRow = new HashSet<>();
    private final long inventory;
    /** Rows without a replica in the inventory, and rows of replicas whose image is missing. */
    private final Set<ReplicaId> rows = new HashSet<>();

    Reconciliation(HostReplicas table, ReplicaDrops drops) {
        this.table = table;
        this.drops = drops;
        table.all().stream().filter(ReplicaRecord::isInventory).forEach(replica -> withoutRow.add(replica.id()));
        inventory = withoutRow.size();
    }

    void add(Collection<ReplicaId> page) {
        for (ReplicaId row : page) {
            if (!withoutRow.remove(row) || drops.isMissing(row)) {
                rows.add(row);
            }
        }
    }

    /** Replicas that were in the inventory, still are, and have no row. */
    List<ReplicaRecord> orphans() {
        return withoutRow.stream().sorted().flatMap(this::stillInInventory).toList();
    }

    private Stream<ReplicaRecord> stillInInventory(ReplicaId id) {
        @Nullable
        ReplicaRecord replica = table.get(id);
        return replica != null && replica.isInventory() ? Stream.of(replica) : Stream.empty();
    }

    /**
     * Returns the rows whose replica is not in the index, or whose image this process has found missing. The latter are named each time, so that a
     * person is asked for as long as the images are missing. Any other replica in the index is no ghost: its registration, order or report is on the
     * way.
     */
    private List<ReplicaId> ghosts() {
        return rows.stream().filter(id -> table.get(id) == null || isMissing(id)).sorted().toList();
    }

    private boolean isMissing(ReplicaId id) {
        return drops.isMissing(id) && stillInInventory(id).findAny().isPresent();
    }

    /** Names the first differences and counts all of them. The registry decides by the number whether a person is asked. */
    DiscrepancyRequest discrepancies(Sender as, List<ReplicaRecord> orphans) {
        List<ReplicaId> ghosts = ghosts();
        List<ReplicaId> namedGhosts = ghosts.stream().limit(DISCREPANCIES_AT_ONCE).toList();
        List<DiscrepancyRequest.Orphan> namedOrphans = orphans.stream().limit(DISCREPANCIES_AT_ONCE).map(Reconciliation::orphan).toList();
        return new DiscrepancyRequest(
                as,
                namedGhosts,
                namedOrphans,
                inventory,
                ghosts.size() - namedGhosts.size(),
                orphans.size() - namedOrphans.size());
    }

    private static DiscrepancyRequest.Orphan orphan(ReplicaRecord replica) {
        return new DiscrepancyRequest.Orphan(
                replica.id(),
                replica.name().namespace(),
                replica.name().key(),
                replica.generation(),
                replica.sizeBytes());
    }
}
