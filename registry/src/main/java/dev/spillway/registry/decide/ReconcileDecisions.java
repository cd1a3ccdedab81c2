package dev.spillway.registry.decide;

import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.OrderCause;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.DiscrepancyAnswer;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.ReconcileAnswer;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.registry.model.ClosedReplica;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.OpenOrder;
import dev.spillway.registry.model.RegistryRow;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.model.Sighting;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Decisions on differences between a host and its rows. A difference is settled only after a grace period and a second reconciliation, and checked
 * again in the transaction that settles it. A large share of differences at once waits for an operator.
 */
final class ReconcileDecisions {
    private final RegistryRules rules;
    private final ReplicaDecisions replicas;

    ReconcileDecisions(RegistryRules rules, ReplicaDecisions replicas) {
        this.rules = rules;
        this.replicas = replicas;
    }

    ReconcileAnswer rows(Transaction transaction, HostRow host, ReconcileRequest request) {
        List<ReplicaId> page = transaction.stored().replicas().openReplicaIds(host.id(), request.after(), rules.chunks().reconcilePage());
        return new ReconcileAnswer(page, page.size() < rules.chunks().reconcilePage());
    }

    DiscrepancyAnswer settle(Transaction transaction, HostRow host, DiscrepancyRequest request) {
        if (isBlind(transaction.stored().registry(), host)) {
            return new DiscrepancyAnswer(request.ghosts().size() + request.orphans().size(), 0, 0);
        }
        Map<ReplicaId, Sighting> before = transaction.stored().hosts().sightings(host.id());
        List<ReplicaId> all = new ArrayList<>(request.ghosts());
        request.orphans().forEach(orphan -> all.add(orphan.replicaId()));
        Map<ReplicaId, ReplicaRow> open = transaction.replicas().peek(all);

        List<Sighting> waiting = new ArrayList<>();
        List<ReplicaId> ghosts = new ArrayList<>();
        for (ReplicaId id : request.ghosts()) {
            ReplicaRow row = open.get(id);
            if (row != null && row.hostId().equals(host.id())) {
                sort(seen(before, host, id, Sighting.Kind.GHOST, transaction.now()), transaction.now(), id, ghosts, waiting);
            }
        }
        Map<ReplicaId, DiscrepancyRequest.Orphan> orphans = new TreeMap<>();
        for (DiscrepancyRequest.Orphan orphan : request.orphans()) {
            if (!open.containsKey(orphan.replicaId())) {
                List<ReplicaId> ripe = new ArrayList<>();
                sort(
                        seen(before, host, orphan.replicaId(), Sighting.Kind.ORPHAN, transaction.now()),
                        transaction.now(),
                        orphan.replicaId(),
                        ripe,
                        waiting);
                ripe.forEach(id -> orphans.put(id, orphan));
            }
        }

        long forPerson = 0;
        long settled = 0;
        String attention = null;
        long lost = lostSinceRestore(transaction, host, ghosts);
        if (!ghosts.isEmpty()) {
            // The unnamed ghosts are assumed to have the same share of lost replicas as the named ones.
            lost += request.unnamedGhosts() * lost / ghosts.size();
        }
        if (replicas.isTooLargeALoss(transaction, host, lost)) {
            forPerson += ghosts.size();
            attention = lost + " replicas are not on its disk, more than the share " + rules.breaker().share()
                    + " (mount the missing volume, or retire the host)";
            ghosts.forEach(id -> waiting.add(seen(before, host, id, Sighting.Kind.GHOST, transaction.now())));
            ghosts.clear();
        }
        long unknown = orphans.isEmpty() ? 0 : orphans.size() + request.unnamedOrphans();
        if (!host.readmitted() && unknown >= rules.breaker().from() && unknown > rules.breaker().share() * request.inventory()) {
            forPerson += orphans.size();
            attention = unknown + " of its " + request.inventory() + " replicas are unknown to the registry, more than the share "
                    + rules.breaker().share() + " (retire and readmit the host to have them deleted)";
            orphans.keySet().forEach(id -> waiting.add(seen(before, host, id, Sighting.Kind.ORPHAN, transaction.now())));
            orphans.clear();
        }
        settled += doomOrphans(transaction, host, orphans);
        settled += ghosts.size();
        replicas.close(
                transaction,
                host,
                ghosts,
                row -> new ReplicaDecisions.Closing(
                        row.isLive() ? ClosedReplica.Result.LOST : ClosedReplica.Result.ABSENT,
                        EvictionCause.LOST));
        transaction.remember(host.id(), waiting);
        transaction.save(host.reconciled(transaction.now(), waiting.isEmpty(), attention));
        return new DiscrepancyAnswer(waiting.size() - forPerson, settled, forPerson);
    }

    /**
     * Counts the lost replicas that were registered after the last restore, if any. Older rows came from the backup, and since then the host has
     * reported what it really holds.
     */
    private long lostSinceRestore(Transaction transaction, HostRow host, List<ReplicaId> ghosts) {
        Instant restoredAt = transaction.stored().registry().restoredAt();
        return replicas.ownLive(transaction, host, ghosts)
                .stream()
                .filter(row -> restoredAt == null || row.registeredAt().isAfter(restoredAt))
                .count();
    }

    /**
     * Returns whether the registry may lack what the host knows: the registry is marked as older than a host, or this host has not reported in this
     * epoch.
     */
    private static boolean isBlind(RegistryRow registry, HostRow host) {
        return registry.behind() != null || host.readoptedEpoch() < registry.epoch();
    }

    /** Dooms orphans. Their ids are recorded first, so that a delayed duplicate of a registration cannot make them LIVE. */
    private static long doomOrphans(Transaction transaction, HostRow host, Map<ReplicaId, DiscrepancyRequest.Orphan> orphans) {
        if (orphans.isEmpty()) {
            return 0;
        }
        Instant now = transaction.now();
        transaction.replicas().record(host, orphans.keySet());
        transaction.replicas().lock(orphans.keySet());
        long doomed = 0;
        for (DiscrepancyRequest.Orphan orphan : orphans.values()) {
            if (transaction.replicas().get(orphan.replicaId()) == null) {
                transaction.replicas()
                        .save(
                                new ReplicaRow(
                                        orphan.replicaId(),
                                        host.id(),
                                        new EntryName(orphan.namespace(), orphan.key()),
                                        new SnapshotId(orphan.replicaId().toString()),
                                        orphan.generation(),
                                        orphan.sizeBytes(),
                                        now,
                                        new OpenOrder(null, OrderCause.ORPHAN, now, 0, now, null, null)));
                doomed++;
            }
        }
        return doomed;
    }

    private void sort(Sighting sighting, Instant now, ReplicaId id, List<ReplicaId> ripe, List<Sighting> waiting) {
        if (sighting.looks() >= 2 && !sighting.firstSeenAt().plus(rules.grace()).isAfter(now)) {
            ripe.add(id);
        } else {
            waiting.add(sighting);
        }
    }

    private static Sighting seen(Map<ReplicaId, Sighting> before, HostRow host, ReplicaId id, Sighting.Kind kind, Instant now) {
        @Nullable
        Sighting earlier = before.get(id);
        return earlier != null && earlier.kind() == kind ? earlier.again() : new Sighting(host.id(), id, kind, now, 1);
    }
}
