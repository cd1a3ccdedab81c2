package dev.spillway.simulation;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.memoryregistry.MapRows;
import dev.spillway.memoryregistry.WholeRows;
import dev.spillway.registry.model.EntryGroup;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Holding;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.HostState;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.Place;
import dev.spillway.registry.model.RegistryRow;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.model.Selection;
import dev.spillway.registry.model.Sighting;
import dev.spillway.registry.plan.PlanRow;
import dev.spillway.registry.plan.PlanVictim;
import dev.spillway.registry.plan.TimeBounds;
import dev.spillway.registry.store.Changes;
import dev.spillway.registry.store.PlanRows;
import dev.spillway.simulation.Locks.Kind;
import dev.spillway.simulation.Locks.Mode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The rows as a READ COMMITTED transaction of PostgreSQL sees them. Each call of the port is one statement with a snapshot of its own of the
 * committed rows. A locking statement waits for transactions that hold a row of its snapshot. Afterwards it sees the newest version of that row, or
 * that it was deleted, but no rows that were inserted in the meantime. Changes are written at the commit.
 */
final class TransactionRows implements WholeRows {
    private static final int ALL = Integer.MAX_VALUE;

    private final SimulatedDatabase database;
    private final SimulatedTransaction transaction;
    private final MapRows committed;

    TransactionRows(SimulatedDatabase database, SimulatedTransaction transaction) {
        this.database = database;
        this.transaction = transaction;
        committed = database.committed();
    }

    private <T> T read(Supplier<T> answer) {
        return database.statement(transaction, ignored -> answer.get());
    }

    @Override
    public Instant now() {
        return transaction.startedAt();
    }

    @Override
    public RegistryRow registry() {
        return transaction.registry();
    }

    @Override
    public long policyVersion() {
        return transaction.policyVersion();
    }

    @Override
    public RegistryRow lockRegistry() {
        return database.statement(transaction, ignored -> {
            database.lock(transaction, Kind.REGISTRY, "registry", Mode.UPDATE);
            return committed.registry();
        });
    }

    // Hosts. They are never deleted.

    @Override
    public boolean isAnyHostUnheard(long epoch) {
        return read(() -> committed.isAnyHostUnheard(epoch));
    }

    @Override
    public Map<HostId, HostRow> lockHosts(SortedSet<HostId> ids, HostLock lock) {
        Mode mode = switch (lock) {
            case FENCE -> Mode.KEY_SHARE;
            case HEARTBEAT -> Mode.NO_KEY_UPDATE;
            case INCARNATION -> Mode.UPDATE;
        };
        return database.statement(transaction, statement -> {
            Map<HostId, HostRow> seen = statement.candidates(() -> MapRows.existing(ids, committed.storedHosts()));
            Map<HostId, HostRow> found = new HashMap<>();
            for (HostId id : ids) {
                if (seen.containsKey(id)) {
                    database.lock(transaction, Kind.HOST, id, mode);
                    found.put(id, MapRows.stored(committed.storedHosts(), id));
                }
            }
            if (lock != HostLock.INCARNATION) {
                transaction.opens(committed);
            }
            return found;
        });
    }

    @Override
    public List<HostRow> lockHostsUnheardSince(Instant deadline, int limit) {
        return read(
                () -> firstFree(
                        committed.lockHostsUnheardSince(deadline, ALL).stream(),
                        Kind.HOST,
                        HostRow::id,
                        Mode.NO_KEY_UPDATE,
                        limit));
    }

    @Override
    public List<HostRow> lockHostsToRelieve(int limit) {
        return read(() -> firstFree(committed.lockHostsToRelieve(ALL).stream(), Kind.HOST, HostRow::id, Mode.NO_KEY_UPDATE, limit));
    }

    @Override
    public Optional<HostId> otherHostOf(StoreId store, HostId than) {
        return read(() -> committed.otherHostOf(store, than));
    }

    @Override
    public int leastLoadedPartition(int current) {
        return read(() -> committed.leastLoadedPartition(current));
    }

    @Override
    public Map<ReplicaId, Sighting> sightings(HostId host) {
        return read(() -> committed.sightings(host));
    }

    // Ids. To insert one that another transaction has inserted is to wait for its end.

    @Override
    public Set<ReplicaId> record(SortedMap<ReplicaId, Recording> ids) {
        return database.statement(transaction, ignored -> {
            Set<ReplicaId> first = new TreeSet<>();
            for (Map.Entry<ReplicaId, Recording> id : ids.entrySet()) {
                if (!committed.isRecorded(id.getKey()) && database.insert(transaction, id.getKey())) {
                    transaction.recorded().put(id.getKey(), id.getValue());
                    first.add(id.getKey());
                }
            }
            return first;
        });
    }

    // Namespaces. They are never deleted.

    @Override
    public Map<NamespaceName, NamespaceRow> lockNamespaces(SortedSet<NamespaceName> names) {
        return database.statement(transaction, statement -> {
            Map<NamespaceName, NamespaceRow> seen = statement.candidates(() -> {
                transaction.namespacesSeenAt(database.born());
                return MapRows.existing(names, committed.storedNamespaces());
            });
            Map<NamespaceName, NamespaceRow> found = new HashMap<>();
            for (NamespaceName name : names) {
                if (seen.containsKey(name)) {
                    database.lock(transaction, Kind.NAMESPACE, name, Mode.NO_KEY_UPDATE);
                    found.put(name, MapRows.stored(committed.storedNamespaces(), name));
                }
            }
            return found;
        });
    }

    @Override
    public PolicySet policies() {
        return read(committed::policies);
    }

    @Override
    public List<NamespaceName> namespacesDue(int limit) {
        return read(() -> committed.namespacesDue(limit));
    }

    // Entries.

    @Override
    public Map<EntryName, EntryRow> lockEntries(SortedSet<EntryName> names, EntryLock lock) {
        Mode mode = switch (lock) {
            case SHARED -> Mode.SHARE;
            case EXCLUSIVE -> Mode.UPDATE;
        };
        return database.statement(transaction, statement -> {
            SortedMap<EntryName, Long> seen =
                    statement.candidates(() -> births(names.stream().filter(committed.storedEntries()::containsKey)));
            Map<EntryName, EntryRow> found = new HashMap<>();
            seen.forEach((name, birth) -> {
                EntryRow row = lockIfAlive(Kind.ENTRY, name, birth, mode, committed.storedEntries());
                if (row != null) {
                    found.put(name, row);
                }
            });
            return found;
        });
    }

    private List<EntryRow> lockInOrder(Supplier<List<EntryRow>> inOrder, Predicate<EntryRow> matches, int limit) {
        return database.statement(transaction, statement -> {
            Map<EntryName, Long> seen =
                    statement.candidates(() -> birthsInOrder(inOrder.get().stream().map(EntryRow::name)));
            List<EntryRow> found = new ArrayList<>();
            for (Map.Entry<EntryName, Long> one : seen.entrySet()) {
                if (found.size() == limit) {
                    break;
                }
                EntryRow row = lockIfAlive(Kind.ENTRY, one.getKey(), one.getValue(), Mode.UPDATE, committed.storedEntries());
                if (row != null && matches.test(row)) {
                    found.add(row);
                }
            }
            return found;
        });
    }

    @Override
    public List<EntryRow> lockVictims(NamespaceName namespace, Place after, int limit) {
        return lockInOrder(
                () -> committed.victims(namespace, after, ALL),
                row -> row.place().compareTo(after) > 0 && row.pin() == null && !row.follows(),
                limit);
    }

    @Override
    public List<EntryRow> lockGroups(SortedSet<EntryGroup> groups) {
        return lockInOrder(() -> committed.groups(groups), row -> row.group() != null && groups.contains(row.group()), ALL);
    }

    @Override
    public List<EntryRow> groups(SortedSet<EntryGroup> groups) {
        return read(() -> committed.groups(groups));
    }

    @Override
    public List<EntryRow> lockPinned(NamespaceName namespace, int limit) {
        return lockInOrder(() -> committed.lockPinned(namespace, ALL), row -> row.pin() != null, limit);
    }

    @Override
    public List<EntryRow> lockPinsEnded(NamespaceName namespace, int limit) {
        return lockInOrder(() -> committed.lockPinsEnded(namespace, ALL), row -> row.pin() != null, limit);
    }

    @Override
    public List<EntryRow> lockCreatedUntil(NamespaceName namespace, Instant latest, int limit) {
        return lockInOrder(
                () -> committed.lockCreatedUntil(namespace, latest, ALL),
                row -> row.pin() == null && !row.createdAt().isAfter(latest),
                limit);
    }

    @Override
    public List<EntryRow> victims(NamespaceName namespace, Place after, int limit) {
        return read(() -> committed.victims(namespace, after, limit));
    }

    @Override
    public double highestPriority(NamespaceName namespace) {
        return read(() -> committed.highestPriority(namespace));
    }

    @Override
    public Selection countUnpinned(NamespaceName namespace, EntryKey prefix) {
        return read(() -> committed.countUnpinned(namespace, prefix));
    }

    @Override
    public Selection countOverdue(NamespaceName namespace, TimeBounds times, String prefix) {
        return read(() -> committed.countOverdue(namespace, times, prefix));
    }

    @Override
    public PlanRows plans() {
        return new PlanRows() {
            @Override
            public Optional<PlanRow> plan(PlanId id) {
                return read(() -> committed.plans().plan(id));
            }

            @Override
            public List<PlanVictim> victims(PlanId id, long after, int limit) {
                return read(() -> committed.plans().victims(id, after, limit));
            }
        };
    }

    /** Numbers come from a sequence, so a transaction that rolls back leaves a gap. */
    @Override
    public List<Long> nextGenerations(int count) {
        return read(() -> committed.nextGenerations(count));
    }

    // Replicas.

    @Override
    public Map<ReplicaId, ReplicaRow> peekReplicas(Collection<ReplicaId> ids) {
        return read(() -> committed.peekReplicas(ids));
    }

    @Override
    public Map<ReplicaId, ReplicaRow> lockReplicas(SortedSet<ReplicaId> ids) {
        return database.statement(transaction, statement -> {
            SortedMap<ReplicaId, Long> seen =
                    statement.candidates(() -> births(ids.stream().filter(committed.storedReplicas()::containsKey)));
            Map<ReplicaId, ReplicaRow> found = new HashMap<>();
            seen.forEach((id, birth) -> {
                ReplicaRow row = lockIfAlive(Kind.REPLICA, id, birth, Mode.UPDATE, committed.storedReplicas());
                if (row != null) {
                    found.put(id, row);
                }
            });
            return found;
        });
    }

    @Override
    public Map<Holding, Holders> lockLiveReplicas(Collection<Holding> holdings, int limitEach) {
        return database.statement(transaction, statement -> {
            Map<Holding, Map<ReplicaId, Long>> seen = statement.candidates(() -> holders(holdings));
            Map<Holding, Holders> found = new HashMap<>();
            seen.forEach((holding, ids) -> {
                List<ReplicaRow> live = new ArrayList<>();
                for (Map.Entry<ReplicaId, Long> one : ids.entrySet()) {
                    if (live.size() == limitEach) {
                        break;
                    }
                    ReplicaRow row = lockIfAlive(Kind.REPLICA, one.getKey(), one.getValue(), Mode.UPDATE, committed.storedReplicas());
                    if (row != null && row.isLive()) {
                        live.add(row);
                    }
                }
                found.put(holding, Holders.ofUpTo(limitEach, live));
            });
            return found;
        });
    }

    private Map<Holding, Map<ReplicaId, Long>> holders(Collection<Holding> holdings) {
        Map<Holding, Map<ReplicaId, Long>> seen = new HashMap<>();
        committed.lockLiveReplicas(holdings, ALL).forEach((holding, holders) -> {
            SortedMap<ReplicaId, Long> births = births(holders.first().stream().map(ReplicaRow::id));
            if (database.product().readsHoldersWithTheLock() && transaction.namespacesSeenAt() >= 0) {
                births.values().removeIf(birth -> birth > transaction.namespacesSeenAt());
            }
            seen.put(holding, births);
        });
        return seen;
    }

    @Override
    public long countLiveReplicas(Holding holding) {
        return read(() -> committed.countLiveReplicas(holding));
    }

    @Override
    public Set<Holding> heldElsewhere(Collection<Holding> holdings, HostId than) {
        return read(() -> committed.heldElsewhere(holdings, than));
    }

    @Override
    public long countOrders(HostId host, int atMost) {
        return read(() -> committed.countOrders(host, atMost));
    }

    @Override
    public long countReplicas(HostId host) {
        return read(() -> committed.countReplicas(host));
    }

    @Override
    public List<ReplicaId> openReplicaIds(HostId host, @Nullable ReplicaId after, int limit) {
        return read(() -> committed.openReplicaIds(host, after, limit));
    }

    // Rows that others have locked are skipped.

    @Override
    public Map<HostId, List<ReplicaRow>> lockOrdersForHeartbeats(SortedMap<HostId, Integer> limits, Instant soon) {
        return read(() -> {
            SortedMap<HostId, Integer> all = new TreeMap<>(limits);
            all.replaceAll((host, limit) -> ALL);
            Map<HostId, List<ReplicaRow>> orders = new HashMap<>();
            committed.lockOrdersForHeartbeats(all, soon)
                    .forEach(
                            (host, rows) -> orders.put(
                                    host,
                                    firstFree(rows.stream(), Kind.REPLICA, ReplicaRow::id, Mode.UPDATE, MapRows.stored(limits, host))));
            return orders;
        });
    }

    @Override
    public List<DueOrder> lockDueOrders(int limit) {
        return read(
                () -> firstFree(
                        committed.lockDueOrders(limit).stream().filter(due -> due.host().state() == HostState.ACTIVE),
                        Kind.REPLICA,
                        due -> due.replica().id(),
                        Mode.UPDATE,
                        limit));
    }

    @Override
    public List<ReplicaRow> lockWaitingOrders(int limit) {
        return read(() -> firstFree(committed.lockWaitingOrders(ALL).stream(), Kind.REPLICA, ReplicaRow::id, Mode.UPDATE, limit));
    }

    @Override
    public Map<Holding, Ended> endedSinceRestore(Collection<Holding> generations) {
        return read(() -> committed.endedSinceRestore(generations));
    }

    @Override
    public List<DueFact> lockDueFacts(int limit) {
        return read(() -> firstFree(committed.lockDueFacts(ALL).stream(), Kind.EVICTION, due -> due.fact().id(), Mode.UPDATE, limit));
    }

    @Override
    public List<EvictionFact> lockUnfinishedEvictions(int limit) {
        return read(() -> firstFree(committed.lockUnfinishedEvictions(ALL).stream(), Kind.EVICTION, EvictionFact::id, Mode.UPDATE, limit));
    }

    private <R> List<R> firstFree(Stream<R> rows, Kind kind, Function<R, Object> key, Mode mode, int limit) {
        return rows.filter(row -> database.lockIfFree(transaction, kind, key.apply(row), mode)).limit(limit).toList();
    }

    // Writing.

    @Override
    public void apply(Changes changes) {
        database.write(transaction, changes);
    }

    // Rows that die.

    private <K extends Comparable<K>> SortedMap<K, Long> births(Stream<K> keys) {
        SortedMap<K, Long> births = new TreeMap<>();
        keys.forEach(key -> births.put(key, database.birth(key)));
        return births;
    }

    private <K> Map<K, Long> birthsInOrder(Stream<K> keys) {
        Map<K, Long> births = new LinkedHashMap<>();
        keys.forEach(key -> births.put(key, database.birth(key)));
        return births;
    }

    private <K, V> @Nullable V lockIfAlive(Kind kind, K key, long birth, Mode mode, Map<K, V> rows) {
        if (!rows.containsKey(key) || database.birth(key) != birth) {
            return null;
        }
        database.lock(transaction, kind, key, mode);
        return rows.get(key);
    }
}
