package dev.spillway.registry.decide;

import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.OrderCause;
import dev.spillway.events.ReplicaId;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Holding;
import dev.spillway.registry.model.HostDrain;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.HostState;
import dev.spillway.registry.model.OpenOrder;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.store.Rows.EntryLock;
import dev.spillway.registry.store.Rows.HostLock;
import dev.spillway.registry.trail.Activity;
import dev.spillway.registry.trail.AuditRecord;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Decisions on draining hosts. A draining host takes nothing new. It loses each copy that a reliable host also holds. A reliable host is heard, does
 * not drain, and does not need an operator. A drain never deletes a last copy; only its eviction or the host's retirement does.
 */
final class DrainDecisions {
    /**
     * Upper bound on the open orders of a draining host. More copies are ordered away only below it, so that a large host does not use up the fleet's
     * backlog.
     */
    private static final int OPEN_ORDERS_MAX = 10_000;

    private final RegistryRules rules;

    DrainDecisions(RegistryRules rules) {
        this.rules = rules;
    }

    /**
     * Starts a drain. A registration locks the host's row, so it commits before the drain and its replica is checked, or it comes later and is
     * refused.
     */
    Outcomes.Draining drain(Transaction transaction, HostId id) {
        HostRow host = transaction.host(id, HostLock.INCARNATION);
        if (host == null) {
            return new Outcomes.Draining.Unknown();
        }
        if (host.state() == HostState.RETIRED) {
            return new Outcomes.Draining.Refused("host " + id + " is retired and holds nothing (expected: a host that is not retired)");
        }
        HostDrain known = host.drain();
        if (known != null) {
            return new Outcomes.Draining.Drains(known.since());
        }
        HostDrain wanted = HostDrain.from(transaction.now());
        change(transaction, host.draining(wanted));
        transaction.audit(AuditRecord.Action.DRAIN_HOST, AuditRecord.Subject.of(id), "");
        return new Outcomes.Draining.Drains(wanted.since());
    }

    Outcomes.Draining cancel(Transaction transaction, HostId id) {
        HostRow host = transaction.host(id, HostLock.INCARNATION);
        if (host == null) {
            return new Outcomes.Draining.Unknown();
        }
        if (host.state() == HostState.RETIRED) {
            return new Outcomes.Draining.Refused("host " + id + " is retired (let it come back: spillway readmit " + id + ")");
        }
        if (host.isDraining()) {
            change(transaction, host.draining(null));
            transaction.audit(AuditRecord.Action.CANCEL_DRAIN, AuditRecord.Subject.of(id), "");
        }
        return new Outcomes.Draining.Stays();
    }

    private static void change(Transaction transaction, HostRow changed) {
        transaction.save(changed);
        transaction.note(new Activity.HostChanged(transaction.now(), changed.id(), changed.shownState(), changed.incarnation()));
    }

    /** Checks the next page of one host's copies. After the last page it begins again, because other hosts may have got copies in the meantime. */
    Outcomes.Relieved relieve(Transaction transaction, int limit) {
        for (HostRow host : transaction.stored().hosts().lockHostsToRelieve(1)) {
            HostDrain drain = host.drain();
            if (drain == null) {
                throw new IllegalStateException("host " + host.id() + " does not drain (expected: one that does)");
            }
            Instant now = transaction.now();
            if (transaction.stored().orders().countOrders(host.id(), OPEN_ORDERS_MAX) >= OPEN_ORDERS_MAX) {
                transaction.save(host.draining(drain.later(now.plus(rules.contact().heartbeat()))));
                return new Outcomes.Relieved(0, 0, true);
            }
            List<ReplicaId> page = transaction.stored().replicas().openReplicaIds(host.id(), drain.lookedTo(), limit);
            int doomed = relieve(transaction, host, page);
            transaction.save(
                    host.draining(
                            page.size() < limit ? drain.anew(now.plus(rules.contact().heartbeat())) : drain.goingOn(page.getLast(), now)));
            return new Outcomes.Relieved(page.size(), doomed, true);
        }
        return new Outcomes.Relieved(0, 0, false);
    }

    /**
     * Orders the deletion of those replicas of a page that another host also holds. Two hosts that begin to drain at once could each rely on the
     * other's copy. So the rows are checked again once the entries are locked, when no other transaction can doom a copy.
     */
    private static int relieve(Transaction transaction, HostRow host, Collection<ReplicaId> page) {
        Collection<ReplicaRow> promising = heldElsewhere(transaction, host, transaction.replicas().peek(page).values());
        if (promising.isEmpty()) {
            return 0;
        }
        SortedSet<NamespaceName> namespaces = new TreeSet<>();
        SortedSet<EntryName> names = new TreeSet<>();
        SortedSet<ReplicaId> ids = new TreeSet<>();
        for (ReplicaRow row : promising) {
            namespaces.add(row.name().namespace());
            names.add(row.name());
            ids.add(row.id());
        }
        transaction.lockNamespaces(namespaces);
        transaction.lockEntries(names, EntryLock.EXCLUSIVE);
        transaction.replicas().lock(ids);
        Instant now = transaction.now();
        int doomed = 0;
        for (ReplicaRow row : heldElsewhere(transaction, host, transaction.replicas().peek(ids).values())) {
            EntryRow entry = transaction.entry(row.name(), EntryLock.EXCLUSIVE);
            // Replicas of an evicted entry are left to the sweep, whose orders name the eviction.
            if (entry != null && entry.generation() == row.generation()) {
                transaction.replicas().save(row.doomed(new OpenOrder(null, OrderCause.RELIEF, now, 0, now, null, null)));
                doomed++;
            }
        }
        return doomed;
    }

    private static List<ReplicaRow> heldElsewhere(Transaction transaction, HostRow host, Collection<ReplicaRow> rows) {
        List<ReplicaRow> live = rows.stream().filter(ReplicaRow::isLive).toList();
        Set<Holding> wanted = live.stream().map(ReplicaRow::holding).collect(Collectors.toSet());
        Set<Holding> held = wanted.isEmpty() ? Set.of() : transaction.stored().replicas().heldElsewhere(wanted, host.id());
        return live.stream().filter(row -> held.contains(row.holding())).toList();
    }
}
