package dev.spillway.worker.core;

import dev.spillway.events.ReplicaId;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.Sender;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One comparison of the host's inventory at its begin with the registry's rows, which are read afterwards. So a replica in the inventory without a
 * row was evicted or never existed. Replicas registered meanwhile are not compared.
 */
final class Reconciliation {
    private static final int DISCREPANCIES_AT_ONCE = 10_000;

    private final ReplicaTable table;
    private final Drops drops;
    /** Replicas of the inventory that had no row yet. */
    private final Set<ReplicaId> withoutRow = new HashSet<>();
    private final long inventory;
    /** Rows of nothing in the inventory, or of something without an image. */
    private final Set<ReplicaId> rows = new HashSet<>();

    Reconciliation(ReplicaTable table, Drops drops) {
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
     * Returns rows without a replica in the index, or without an image since the start of this process. The latter are named so that a person is
     * asked as long as they are missing. Any other replica in the index is no ghost: its registration, order or report is on the way.
     */
    private List<ReplicaId> ghosts() {
        return rows.stream().filter(id -> table.get(id) == null || isMissing(id)).sorted().toList();
    }

    private boolean isMissing(ReplicaId id) {
        return drops.isMissing(id) && stillInInventory(id).findAny().isPresent();
    }

    /** Names the first of the differences, and counts all: by their number, the registry decides whether a person is asked. */
    DiscrepancyRequest discrepancies(Sender as, List<ReplicaRecord> orphans) {
        List<ReplicaId> ghosts = ghosts();
        List<ReplicaId> namedGhosts = ghosts.stream().limit(DISCREPANCIES_AT_ONCE).toList();
        List<DiscrepancyRequest.Orphan> namedOrphans = orphans.stream().limit(DISCREPANCIES_AT_ONCE).map(Reconciliation::orphan).toList();
        return new DiscrepancyRequest(as, namedGhosts, namedOrphans, inventory, ghosts.size() - namedGhosts.size(),
                orphans.size() - namedOrphans.size());
    }

    private static DiscrepancyRequest.Orphan orphan(ReplicaRecord replica) {
        return new DiscrepancyRequest.Orphan(replica.id(), replica.name().namespace(), replica.name().key(), replica.generation(),
                replica.sizeBytes());
    }
}
