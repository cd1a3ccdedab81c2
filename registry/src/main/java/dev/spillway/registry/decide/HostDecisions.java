package dev.spillway.registry.decide;

import dev.spillway.events.EvictionCause;
import dev.spillway.events.HostId;
import dev.spillway.events.Order;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.codec.EventType;
import dev.spillway.events.protocol.HeartbeatAnswer;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.Intervals;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.registry.model.ClosedReplica;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.HostState;
import dev.spillway.registry.model.InUse;
import dev.spillway.registry.model.JoinRefusal;
import dev.spillway.registry.model.RegistryRow;
import dev.spillway.registry.store.Rows.HostLock;
import dev.spillway.registry.trail.Activity;
import dev.spillway.registry.trail.AuditRecord;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Decisions on hosts: join, heartbeat, absence, retirement and readmission. */
final class HostDecisions {
    private static final int ROWS_PAGE = 1_000;

    private final RegistryRules rules;
    private final ReplicaDecisions replicas;
    private final OrderDecisions orders;

    HostDecisions(RegistryRules rules, ReplicaDecisions replicas, OrderDecisions orders) {
        this.rules = rules;
        this.replicas = replicas;
        this.orders = orders;
    }

    JoinAnswer join(Transaction transaction, JoinRequest request) {
        RegistryRow registry = transaction.stored().registry();
        HostRow known = transaction.host(request.hostId(), HostLock.INCARNATION);
        JoinAnswer.Refused refusal = refusal(transaction, request, registry, known);
        if (refusal != null) {
            transaction.refuse(
                    new JoinRefusal(
                            request.hostId(),
                            request.storeId(),
                            request.address(),
                            refusal.reason(),
                            refusal.detail(),
                            transaction.now()));
            return refusal;
        }
        transaction.take(JoinRefusal.Asking.of(request));
        boolean readopts = readopts(request, known, registry);
        // A store that joined here before under another host id holds images whose orders it never got. It serves none of them before its first
        // reconciliation. After a restore, an unknown store may simply be newer than the backup.
        boolean comesFromElsewhere = request.registryId() != null
                && (known == null ? !readopts : !known.storeId().equals(request.storeId()));
        boolean servesAtOnce = !comesFromElsewhere && !isOutdated(request, known);
        UUID process = request.process().id();
        int partition = transaction.stored().hosts().leastLoadedPartition(known == null ? -1 : known.partition());
        HostRow joined = known == null
                ? HostRow.first(
                        request.hostId(),
                        request.storeId(),
                        request.address(),
                        partition,
                        process,
                        !servesAtOnce,
                        transaction.now())
                : known.joined(request.storeId(), request.address(), process, partition, !servesAtOnce, transaction.now());
        // A delayed duplicate of a host's first join may have created its row, without replicas.
        long heardIn = readopts ? Math.min(joined.readoptedEpoch(), request.epoch()) : registry.epoch();
        if (heardIn != joined.readoptedEpoch()) {
            joined = joined.readopted(heardIn);
        }
        transaction.save(joined);
        // Its first heartbeat reports the copies in use again, if its release reports them at all.
        transaction.inUse(joined.id(), List.of());
        transaction.makeOrdersDue(joined.id());
        transaction.note(new Activity.HostChanged(transaction.now(), joined.id(), joined.shownState(), joined.incarnation()));
        return new JoinAnswer.Joined(
                registry.id(),
                registry.epoch(),
                joined.incarnation(),
                joined.partition(),
                joined.reconcileFirst(),
                transaction.policies(),
                intervals(),
                joined.isDraining(),
                readopts);
    }

    /** Returns whether the host has yet to report what it holds since the registry was restored. */
    private static boolean readopts(JoinRequest request, @Nullable HostRow known, RegistryRow registry) {
        return request.registryId() != null
                && (request.epoch() < registry.epoch() || (known != null && known.readoptedEpoch() < registry.epoch()));
    }

    /**
     * Returns whether a store does not know the host's last incarnation. The store may be an older copy, which still holds images that were evicted
     * since. A worker that never got the answer to its last join looks the same, and only begins to serve slightly later.
     */
    private static boolean isOutdated(JoinRequest request, @Nullable HostRow known) {
        return known != null && request.incarnation() < known.incarnation();
    }

    private Intervals intervals() {
        return new Intervals(rules.contact().heartbeat(), rules.contact().reconcile());
    }

    private JoinAnswer.@Nullable Refused refusal(
            Transaction transaction,
            JoinRequest request,
            RegistryRow registry,
            @Nullable HostRow known) {
        if (!request.versions().contains(EventType.VERSION)) {
            return new JoinAnswer.Refused(
                    JoinAnswer.Reason.NO_COMMON_VERSION,
                    "versions: " + request.versions() + " (expected: " + EventType.VERSION
                            + " among them; run a worker of a release that knows it)");
        }
        if (request.registryId() != null && !request.registryId().equals(registry.id())) {
            return new JoinAnswer.Refused(
                    JoinAnswer.Reason.OTHER_REGISTRY,
                    "store " + request.storeId() + " belongs to registry " + request.registryId()
                            + ", this is registry " + registry.id()
                            + " (connect the host to its own registry, or give it a new data directory)");
        }
        if (request.epoch() > registry.epoch() || request.highestGeneration() > registry.highestGeneration()) {
            return behind(transaction, request, registry, known);
        }
        HostId other = transaction.stored().hosts().otherHostOf(request.storeId(), request.hostId()).orElse(null);
        if (other != null) {
            return new JoinAnswer.Refused(
                    JoinAnswer.Reason.STORE_IN_USE,
                    "store " + request.storeId() + " belongs to host " + other
                            + " (start it as that host, retire that host if the store moved here, or give this host a new data directory)");
        }
        if (known == null || (known.readmitted() && known.state() == HostState.RETIRED)) {
            return null;
        }
        if (known.state() == HostState.RETIRED) {
            return new JoinAnswer.Refused(
                    JoinAnswer.Reason.RETIRED,
                    "host " + known.id() + " was retired (let it come back: spillway readmit " + known.id() + ")");
        }
        if (known.storeId().equals(request.storeId())) {
            return superseded(transaction, request, known);
        }
        if (isHeard(known, transaction.now())) {
            return new JoinAnswer.Refused(
                    JoinAnswer.Reason.HOST_ID_IN_USE,
                    "host " + known.id() + " is in use with store " + known.storeId()
                            + ", heard at " + known.lastHeardAt() + " (give this host another id, or stop the other worker)");
        }
        long rows = transaction.replicas().count(known.id());
        return rows == 0 ? null
                : new JoinAnswer.Refused(
                        JoinAnswer.Reason.NEW_STORE,
                        "host " + known.id() + " has " + rows + " replicas in store " + known.storeId()
                                + ", this is store " + request.storeId()
                                + " (mount the volume of that store, or say that it was replaced: spillway readmit " + known.id() + ")");
    }

    /**
     * Refuses the earlier of two live processes with one store. Otherwise each would fence the other again and again. So while the process that
     * joined last is heard, the earlier one may not rejoin. A restarted process makes a first join, so its predecessor never holds it up.
     */
    private JoinAnswer.@Nullable Refused superseded(Transaction transaction, JoinRequest request, HostRow known) {
        JoinRequest.WorkerProcess process = request.process();
        if (!process.rejoins() || process.id().equals(known.processId()) || !isHeard(known, transaction.now())) {
            return null;
        }
        String wayOut = " (stop one of the two; a copied store needs a host of its own with a new data directory)";
        if (known.attention() == null) {
            transaction.save(
                    known.asking(
                            "two processes run with store " + known.storeId() + ", at " + known.address() + " and at "
                                    + request.address() + wayOut));
        }
        return new JoinAnswer.Refused(
                JoinAnswer.Reason.SUPERSEDED,
                "another process with store " + known.storeId() + " joined as host "
                        + known.id() + " at " + known.address() + wayOut);
    }

    private static JoinAnswer.Refused behind(Transaction transaction, JoinRequest request, RegistryRow registry, @Nullable HostRow known) {
        RegistryRow.Behind before = registry.behind();
        RegistryRow.Behind behind = new RegistryRow.Behind(
                Math.max(request.highestGeneration(), before == null ? 0 : before.generation()),
                Math.max(request.epoch(), before == null ? 0 : before.epoch()));
        if (!behind.equals(before)) {
            transaction
                    .save(new RegistryRow(registry.id(), registry.epoch(), registry.highestGeneration(), registry.restoredAt(), behind));
        }
        String detail = "store " + request.storeId() + " has seen generation " + request.highestGeneration() + " of epoch "
                + request.epoch() + ", the registry knows up to " + registry.highestGeneration() + " of epoch " + registry.epoch()
                + " (its database was restored from an older state: say so with spillway restored; until then nothing on the host is touched)";
        if (known != null && !detail.equals(known.attention())) {
            transaction.save(known.asking(detail));
        }
        return new JoinAnswer.Refused(JoinAnswer.Reason.REGISTRY_BEHIND, detail);
    }

    private boolean isHeard(HostRow host, Instant now) {
        return host.state() == HostState.ACTIVE && host.lastHeardAt().plus(rules.contact().timeout()).isAfter(now);
    }

    HeartbeatAnswer heartbeat(Transaction transaction, HostRow known, HeartbeatRequest request) {
        Instant now = transaction.now();
        HostRow heard = known.heard(now, request.figures());
        transaction.save(heard);
        if (known.state() != HostState.ACTIVE) {
            transaction.note(new Activity.HostChanged(now, heard.id(), heard.shownState(), heard.incarnation()));
        }
        if (request.held() != null) {
            transaction.inUse(heard.id(), request.held().stream().map(told -> InUse.of(told, now)).toList());
        }
        List<ReplicaId> acknowledged = orders.take(transaction, request.unacknowledged(), Map.of(heard.id(), heard));
        List<Order> due = orders.claimFor(transaction, heard);
        boolean policiesChanged = transaction.stored().namespaces().policyVersion() != request.policyVersion();
        boolean reconcile = heard.reconcileFirst();
        return new HeartbeatAnswer(
                acknowledged,
                due,
                heard.partition(),
                policiesChanged ? transaction.policies() : null,
                reconcile,
                intervals(),
                heard.isDraining());
    }

    /** Marks hosts {@code AWAY} that were not heard within the host timeout. Returns their number. */
    int sweep(Transaction transaction, int limit) {
        int away = 0;
        for (HostRow host : transaction.stored().hosts().lockHostsUnheardSince(transaction.now().minus(rules.contact().timeout()), limit)) {
            HostRow gone = host.in(HostState.AWAY);
            transaction.save(gone);
            transaction.note(new Activity.HostChanged(transaction.now(), gone.id(), gone.state(), gone.incarnation()));
            away++;
        }
        return away;
    }

    Outcomes.HostChange retire(Transaction transaction, HostId id) {
        HostRow host = transaction.host(id, HostLock.INCARNATION);
        if (host == null) {
            return new Outcomes.HostChange.Unknown();
        }
        if (host.state() == HostState.RETIRED) {
            return new Outcomes.HostChange.Changed(0, 0);
        }
        HostRow retired = host.retired();
        transaction.save(retired);
        transaction.note(new Activity.HostChanged(transaction.now(), id, retired.state(), retired.incarnation()));
        transaction.audit(AuditRecord.Action.RETIRE_HOST, AuditRecord.Subject.of(id), "");
        return abandon(transaction, retired);
    }

    Outcomes.HostChange readmit(Transaction transaction, HostId id) {
        HostRow host = transaction.host(id, HostLock.INCARNATION);
        if (host == null) {
            return new Outcomes.HostChange.Unknown();
        }
        if (isHeard(host, transaction.now())) {
            return new Outcomes.HostChange.Refused(
                    "host " + id + " was heard at " + host.lastHeardAt() + " (expected: a host that is retired or away)");
        }
        HostRow admitted = (host.state() == HostState.RETIRED ? host : host.retired()).admitted();
        transaction.save(admitted);
        transaction.audit(AuditRecord.Action.READMIT_HOST, AuditRecord.Subject.of(id), "");
        return abandon(transaction, admitted);
    }

    private Outcomes.HostChange abandon(Transaction transaction, HostRow host) {
        transaction.inUse(host.id(), List.of());
        long rows = 0;
        long entries = 0;
        ReplicaId after = null;
        while (true) {
            List<ReplicaId> page = transaction.stored().replicas().openReplicaIds(host.id(), after, ROWS_PAGE);
            entries += replicas.close(
                    transaction,
                    host,
                    page,
                    row -> new ReplicaDecisions.Closing(ClosedReplica.Result.ABANDONED, EvictionCause.LOST));
            rows += page.size();
            if (page.size() < ROWS_PAGE) {
                return new Outcomes.HostChange.Changed(rows, entries);
            }
            after = page.getLast();
        }
    }
}
