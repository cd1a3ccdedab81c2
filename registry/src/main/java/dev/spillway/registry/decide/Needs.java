package dev.spillway.registry.decide;

import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.FencedMessage;
import dev.spillway.registry.model.EntryGroup;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.store.Rows;
import dev.spillway.registry.store.Rows.EntryLock;
import dev.spillway.registry.store.Rows.HostLock;
import dev.spillway.registry.store.Rows.Recording;
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
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The rows that commands need. They are read and locked before the first command is decided: each row once, in the strongest mode needed, the kinds
 * in lock order and each kind sorted. So the number of statements does not grow with the commands, and transactions wait for each other in one order.
 * Not thread-safe, used once.
 */
public final class Needs {
    private final RegistryRules rules;
    private final Transaction transaction;

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
    private final Set<EntryGroup> groups = new HashSet<>();

    private Needs(RegistryRules rules, Transaction transaction) {
        this.rules = rules;
        this.transaction = transaction;
    }

    /** Reads and locks what commands need, once, before the first of them is decided. */
    static void lock(Collection<? extends Command<?>> commands, RegistryRules rules, Transaction transaction) {
        SortedMap<HostId, HostLock> hosts = hostsOf(commands);
        for (HostLock lock : HostLock.values()) {
            transaction.lockHosts(hosts.entrySet().stream().filter(host -> host.getValue() == lock).map(Map.Entry::getKey).toList(), lock);
        }
        Needs needs = new Needs(rules, transaction);
        commands.forEach(command -> command.need(needs));
        needs.lockAll();
    }

    /** Returns the hosts of commands and the strongest lock of each. */
    static SortedMap<HostId, HostLock> hostsOf(Collection<? extends Command<?>> commands) {
        SortedMap<HostId, HostLock> hosts = new TreeMap<>();
        commands.forEach(command -> command.hosts().forEach((host, lock) -> hosts.merge(host, lock, Needs::stronger)));
        return hosts;
    }

    private static HostLock stronger(HostLock one, HostLock other) {
        return one.compareTo(other) < 0 ? other : one;
    }

    /** Asks for the rows of a message, unless the registry refuses its sender. */
    void unlessFenced(FencedMessage<?> message, BiConsumer<HostRow, Needs> rows) {
        HostRow host = transaction.host(message.hostId(), HostLock.FENCE);
        if (host != null && Fence.closedTo(message, host, transaction.stored().registry()) == null) {
            rows.accept(host, this);
        }
    }

    /** Asks for a replica id to be recorded, and for its row. */
    void record(HostRow host, ReplicaId id) {
        ids.putIfAbsent(id, new Recording(host.id(), host.incarnation()));
        replicas.add(id);
    }

    /** Asks for the row of a replica that its host may not have any more. */
    void close(HostId host, ReplicaId id) {
        replicas.add(id);
        named.merge(host, 1, Integer::sum);
    }

    /** Asks for what the loss of a replica changes: its row, and its entry, which may go with it. */
    void drop(HostRow host, ReplicaId id) {
        record(host, id);
        dropped.add(id);
        close(host.id(), id);
    }

    /** Asks for the rows of replicas. */
    void replicas(Collection<ReplicaId> ids) {
        replicas.addAll(ids);
    }

    /** Asks for the orders that a host's heartbeat carries. */
    void orders(HostId host) {
        asking.put(host, rules.chunks().ordersPerAnswer());
    }

    void namespace(NamespaceName name) {
        namespaces.add(name);
    }

    /** Asks for an entry that stays as it is. */
    void stay(EntryName name) {
        namespaces.add(name.namespace());
        staying.add(name);
    }

    /** Asks for an entry that is used. */
    void use(EntryName name) {
        namespaces.add(name.namespace());
        changing.add(name);
    }

    /** Asks for all entries of a group, if one is named. */
    void group(NamespaceName namespace, @Nullable GroupName named) {
        if (named != null) {
            groups.add(new EntryGroup(namespace, named));
        }
    }

    /** Asks for what a put may change: its entry, and victims. */
    void put(EntryName name, SnapshotId snapshot) {
        use(name);
        puts.merge(name.namespace(), 1, Integer::sum);
        putting.computeIfAbsent(name, ignored -> new HashSet<>()).add(snapshot);
    }

    /** Asks for an entry that may be evicted, with its holders. */
    void end(EntryName name) {
        use(name);
        ending.add(name);
    }

    private void lockAll() {
        TransactionReplicas rows = transaction.replicas();
        if (!dropped.isEmpty()) {
            // Waits for a registration of one of them, so that its entry is known.
            rows.recordAhead(ids);
            rows.peek(dropped).values().forEach(row -> end(row.name()));
        }
        SortedSet<ReplicaId> others = new TreeSet<>(replicas);
        others.removeAll(ids.keySet());
        puts.forEach(transaction::expectPuts);
        int putsToCome = puts.values().stream().mapToInt(Integer::intValue).sum();
        transaction.lock(
                new Rows.LockRequest(
                        ids,
                        namespaces,
                        changing,
                        staying,
                        others,
                        puts,
                        TransactionReplicas.holdersOfEach(rules.chunks().doom(), putsToCome, 0)));
        // Ids that were not recorded before have no rows.
        rows.lock(replicas);
        if (!asking.isEmpty()) {
            asking.replaceAll((host, orders) -> orders + named.getOrDefault(host, 0));
            rows.readOrders(asking, rules.soon(transaction.now()));
        }
        List<EntryRow> losingHolders = new ArrayList<>();
        for (EntryName name : changing) {
            EntryRow entry = transaction.entry(name, EntryLock.EXCLUSIVE);
            EntryGroup group = entry == null ? null : entry.group();
            if (entry != null && group != null && (entry.follows() || ending.contains(name))) {
                // Its use makes it lead, and its end takes the others along.
                groups.add(group);
            }
            if (entry != null && (ending.contains(name) || isReplaced(entry) || hasEnded(entry))) {
                losingHolders.add(entry);
            }
        }
        transaction.groups().lock(groups);
        rows.readHolders(losingHolders, rules.chunks().doom());
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
