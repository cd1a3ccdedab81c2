package dev.spillway.coordinator.core;

import dev.spillway.coordinator.core.Rows.EntryLock;
import dev.spillway.coordinator.core.Rows.HostLock;
import dev.spillway.coordinator.core.Rows.Recording;
import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.FencedMessage;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.ReadoptRequest;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.events.protocol.WorkerMessage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Reads and locks the rows that commands need, before the first command is decided. Each row is locked once, in the strongest mode needed, the kinds
 * in lock order and each kind sorted. So the number of statements does not grow with the commands, and transactions wait for each other in one order.
 */
final class Preparation {
    private final RegistryRules rules;
    private final WorkingSet transaction;

    private final SortedMap<ReplicaId, Recording> ids = new TreeMap<>();
    private final Set<ReplicaId> replicas = new HashSet<>();
    private final Map<HostId, Integer> named = new HashMap<>();
    private final SortedMap<HostId, Integer> asking = new TreeMap<>();
    private final Set<ReplicaId> dropped = new HashSet<>();
    private final SortedSet<NamespaceName> namespaces = new TreeSet<>();
    private final SortedSet<EntryName> changing = new TreeSet<>();
    private final SortedSet<EntryName> staying = new TreeSet<>();
    private final Set<EntryName> ending = new HashSet<>();
    private final Map<EntryName, Set<SnapshotId>> putting = new HashMap<>();
    private final SortedMap<NamespaceName, Integer> puts = new TreeMap<>();
    private final Set<Rows.Group> groups = new HashSet<>();

    private Preparation(RegistryRules rules, WorkingSet transaction) {
        this.rules = rules;
        this.transaction = transaction;
    }

    static void of(Collection<? extends Command<?>> commands, RegistryRules rules, WorkingSet transaction) {
        Preparation preparation = new Preparation(rules, transaction);
        lockHosts(hostsOf(commands), transaction);
        commands.forEach(preparation::ask);
        preparation.lockTheRest();
    }

    static SortedMap<HostId, HostLock> hostsOf(Collection<? extends Command<?>> commands) {
        SortedMap<HostId, HostLock> hosts = new TreeMap<>();
        commands.forEach(command -> askHosts(command, hosts));
        return hosts;
    }

    private static void askHosts(Command<?> command, SortedMap<HostId, HostLock> hosts) {
        switch (command) {
            case Command.FromWorker<?> from -> {
                if (from.message() instanceof FencedMessage<?> message) {
                    hosts.merge(message.hostId(), lockFor(message), Preparation::stronger);
                }
            }
            case Command.By<?> by -> askHosts(by.command(), hosts);
            case Command.TakeReports taken ->
                    taken.reports().forEach(report -> hosts.merge(report.hostId(), HostLock.FENCE, Preparation::stronger));
            case Command.SetPolicy _,Command.Put _,Command.Get _,Command.Invalidate _,Command.Clean _,Command.SetPin _,Command.LiftPin _,Command.MakePlan _,Command.ExtendPlan _,Command.ApplyPlan _,Command.Expire _,Command.ClaimOrders _,Command.ReturnOrders _,Command.ClaimFacts _,Command.FactsPublished _,Command.Sweep _,Command.Relieve _,Command.Retire _,Command.Readmit _,Command.Drain _,Command.CancelDrain _,Command.Restored _ ->
                    {}
        }
    }

    private static HostLock stronger(HostLock one, HostLock other) {
        return one.compareTo(other) < 0 ? other : one;
    }

    static HostLock lockFor(FencedMessage<?> message) {
        return switch (message) {
            case HeartbeatRequest _,DiscrepancyRequest _,DropRequest _,ReadoptRequest _ -> HostLock.HEARTBEAT;
            case RegisterRequest _,AttachRequest _,ResolveRequest _,TouchRequest _,ReconcileRequest _ -> HostLock.FENCE;
        };
    }

    private static void lockHosts(SortedMap<HostId, HostLock> hosts, WorkingSet transaction) {
        for (HostLock lock : HostLock.values()) {
            transaction.lockHosts(hosts.entrySet().stream().filter(host -> host.getValue() == lock).map(Map.Entry::getKey).toList(), lock);
        }
    }

    private void ask(Command<?> command) {
        switch (command) {
            case Command.Put put -> put(put.name(), put.snapshotId());
            case Command.Get get -> use(get.name());
            case Command.Invalidate invalidate -> end(invalidate.name());
            case Command.FromWorker<?> from -> ask(from.message());
            case Command.By<?> by -> ask(by.command());
            case Command.TakeReports taken -> taken.reports().forEach(report -> close(report.hostId(), report.replicaId()));
            case Command.ReturnOrders returned -> replicas.addAll(returned.replicaIds());
            // These read pages of rows, or touch nothing that others lock.
            case Command.SetPolicy _,Command.Clean _,Command.SetPin _,Command.LiftPin _,Command.MakePlan _,Command.ExtendPlan _,Command.ApplyPlan _,Command.Expire _,Command.ClaimOrders _,Command.ClaimFacts _,Command.FactsPublished _,Command.Sweep _,Command.Relieve _,Command.Retire _,Command.Readmit _,Command.Drain _,Command.CancelDrain _,Command.Restored _ ->
                    {}
        }
    }

    private void ask(WorkerMessage<?> message) {
        if (!(message instanceof FencedMessage<?> fenced)) {
            return;
        }
        HostRow host = transaction.host(fenced.hostId(), HostLock.FENCE);
        if (host == null || Fence.closedTo(fenced, host, transaction.stored().registry()) != null) {
            return;
        }
        switch (fenced) {
            case RegisterRequest register -> register.items().forEach(item -> {
                record(host, item.replicaId());
                put(item.name(), item.snapshotId());
                group(item.namespace(), item.group());
            });
            case AttachRequest attach -> attach.items().forEach(item -> {
                record(host, item.replicaId());
                namespaces.add(item.namespace());
                staying.add(item.name());
            });
            case ResolveRequest resolve -> resolve.replicaIds().forEach(id -> record(host, id));
            case DropRequest drop -> drop.items().forEach(item -> {
                record(host, item.replicaId());
                dropped.add(item.replicaId());
                close(host.id(), item.replicaId());
            });
            case TouchRequest touch -> {
                touch.used().forEach(used -> {
                    use(used.name());
                    group(used.name().namespace(), used.group());
                });
                touch.missed().forEach(missed -> namespaces.add(missed.namespace()));
            }
            case HeartbeatRequest heartbeat -> {
                heartbeat.unacknowledged().forEach(report -> close(host.id(), report.replicaId()));
                asking.put(host.id(), rules.ordersPerAnswer());
            }
            case ReconcileRequest _,DiscrepancyRequest _,ReadoptRequest _ -> {}
        }
    }

    private void record(HostRow host, ReplicaId id) {
        ids.putIfAbsent(id, new Recording(host.id(), host.incarnation()));
        replicas.add(id);
    }

    private void close(HostId host, ReplicaId id) {
        replicas.add(id);
        named.merge(host, 1, Integer::sum);
    }

    private void use(EntryName name) {
        namespaces.add(name.namespace());
        changing.add(name);
    }

    private void group(NamespaceName namespace, @Nullable GroupName named) {
        if (named != null) {
            groups.add(new Rows.Group(namespace, named));
        }
    }

    private void put(EntryName name, SnapshotId snapshot) {
        use(name);
        puts.merge(name.namespace(), 1, Integer::sum);
        putting.computeIfAbsent(name, ignored -> new HashSet<>()).add(snapshot);
    }

    private void end(EntryName name) {
        use(name);
        ending.add(name);
    }

    private void lockTheRest() {
        WorkingReplicas rows = transaction.replicas();
        if (!dropped.isEmpty()) {
            // Waits for a registration of one of them, so that its entry is known.
            rows.recordAhead(ids);
            rows.peek(dropped).values().forEach(row -> end(row.name()));
        }
        SortedSet<ReplicaId> others = new TreeSet<>(replicas);
        others.removeAll(ids.keySet());
        puts.forEach(transaction::expectPuts);
        int putsToCome = puts.values().stream().mapToInt(Integer::intValue).sum();
        transaction.lock(new Rows.Ahead(ids, namespaces, changing, staying, others, puts,
                WorkingReplicas.holdersOfEach(rules.doomChunk(), putsToCome, 0)));
        // Of the ids to record, only those recorded before have rows.
        rows.lock(replicas);
        if (!asking.isEmpty()) {
            asking.replaceAll((host, orders) -> orders + named.getOrDefault(host, 0));
            rows.readOrders(asking, rules.soon(transaction.now()));
        }
        List<EntryRow> losingHolders = new ArrayList<>();
        for (EntryName name : changing) {
            EntryRow entry = transaction.entry(name, EntryLock.EXCLUSIVE);
            Rows.Group group = entry == null ? null : entry.group();
            if (entry != null && group != null && (entry.follows() || ending.contains(name))) {
                // Its use makes it lead, and its end takes the others along.
                groups.add(group);
            }
            if (entry != null && (ending.contains(name) || isReplaced(entry) || hasEnded(entry))) {
                losingHolders.add(entry);
            }
        }
        transaction.groups().lock(groups);
        rows.readHolders(losingHolders, rules.doomChunk());
    }

    private boolean hasEnded(EntryRow entry) {
        NamespaceRow namespace = transaction.namespace(entry.name().namespace());
        return namespace != null && namespace.policy().endOf(entry, transaction.now()) != null;
    }

    private boolean isReplaced(EntryRow entry) {
        Set<SnapshotId> snapshots = putting.getOrDefault(entry.name(), Set.of());
        return snapshots.size() > 1 || (snapshots.size() == 1 && !snapshots.contains(entry.snapshotId()));
    }
}
