package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.core.Changes;
import dev.spillway.coordinator.core.EntryRow;
import dev.spillway.coordinator.core.HostRow;
import dev.spillway.coordinator.core.NamespaceRow;
import dev.spillway.coordinator.core.Place;
import dev.spillway.coordinator.core.PlanRows;
import dev.spillway.coordinator.core.ReplicaRow;
import dev.spillway.coordinator.core.Rows;
import dev.spillway.coordinator.core.Sighting;
import dev.spillway.coordinator.core.TimeBounds;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.PolicySet;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The rows as one READ COMMITTED transaction of PostgreSQL sees them. Each statement sees what was committed before it began, and a locking one sees
 * the newest version of what it waited for. A row inserted by another transaction meanwhile is seen only by the next statement. So every kind is read
 * by a statement of its own. Not thread-safe.
 */
final class JdbcRows implements Rows {
    /** Hosts that were locked with the opening. */
    private record HeldHosts(SortedMap<HostId, HostLock> locks, Map<HostId, HostRow> rows) {
        boolean as(HostId id, HostLock lock) {
            HostLock granted = locks.get(id);
            return granted != null && granted.compareTo(lock) >= 0;
        }
    }

    private record Opening(Instant now, Registry registry, long policyVersion) {}

    private final Handle handle;
    private final int partitions;
    private final Opening opening;
    private final HostTable hosts;
    private final HeldHosts held;
    private final VictimsAhead ahead;
    private final EntryTable entries;
    private final ReplicaTable replicas;
    private final OpenOrders orders;
    private final EvictionTable evictions;
    private final PlanTable plans;

    private JdbcRows(Handle handle, int partitions, LeastPlaces leastPlaces, Opening opening, HostTable hosts, HeldHosts held) {
        this.handle = handle;
        this.partitions = partitions;
        this.opening = opening;
        this.hosts = hosts;
        this.held = held;
        ahead = new VictimsAhead(leastPlaces);
        entries = new EntryTable(handle, leastPlaces, ahead, opening.registry().epoch());
        replicas = new ReplicaTable(handle, opening.now());
        orders = new OpenOrders(handle, opening.now(), replicas);
        evictions = new EvictionTable(handle, opening.now());
        plans = new PlanTable(handle);
    }

    /**
     * Opens the view in a transaction that was just begun.
     *
     * @param ahead hosts to be locked at once, as {@link #lockHosts} would later
     */
    static JdbcRows open(Handle handle, int partitions, LeastPlaces leastPlaces, SortedMap<HostId, HostLock> ahead) {
        Script script = new Script();
        HostTable hosts = new HostTable(handle);
        Supplier<Map<HostId, HostRow>> locked = hosts.lock(ahead, script);
        // After the hosts: a transaction that waited for a host that joined in a new epoch belongs to that epoch. No host joins in another one while
        // they are locked.
        Script.Found<Opening> opening = script.add(
                "SELECT now() AS now, r.policy_version, " + RegistryTable.COLUMNS + " FROM registry r CROSS JOIN generations g", Map.of(),
                (row, context) -> new Opening(Columns.instant(row, "now"), RegistryTable.MAPPER.map(row, context),
                        row.getLong("policy_version")));
        script.run(handle);
        return new JdbcRows(handle, partitions, leastPlaces, opening.rows().getFirst(), hosts, new HeldHosts(ahead, locked.get()));
    }

    @Override
    public Instant now() {
        return opening.now();
    }

    @Override
    public Registry registry() {
        return opening.registry();
    }

    @Override
    public Registry lockRegistry() {
        return RegistryTable.lock(handle);
    }

    @Override
    public boolean isAnyHostUnheard(long epoch) {
        return hosts.isAnyUnheard(epoch);
    }

    @Override
    public List<ReplicaRow> lockWaitingOrders(int limit) {
        return orders.lockWaiting(limit);
    }

    @Override
    public Map<Holding, Ended> endedSinceRestore(Collection<Holding> generations) {
        return registry().restoredAt() == null ? Map.of() : evictions.endedSinceRestore(generations);
    }

    @Override
    public Map<HostId, HostRow> lockHosts(SortedSet<HostId> ids, HostLock lock) {
        SortedMap<HostId, HostLock> missing = new TreeMap<>();
        ids.stream().filter(id -> !held.as(id, lock)).forEach(id -> missing.put(id, lock));
        Map<HostId, HostRow> found = new HashMap<>(held.rows());
        found.keySet().retainAll(ids);
        if (!missing.isEmpty()) {
            found.putAll(Script.run(handle, script -> hosts.lock(missing, script)));
        }
        return found;
    }

    @Override
    public List<HostRow> lockHostsUnheardSince(Instant deadline, int limit) {
        return hosts.lockUnheardSince(deadline, limit);
    }

    @Override
    public List<HostRow> lockHostsToRelieve(int limit) {
        return hosts.lockToRelieve(opening.now(), limit);
    }

    @Override
    public Set<Holding> heldElsewhere(Collection<Holding> holdings, HostId than) {
        return replicas.heldElsewhere(holdings, than);
    }

    @Override
    public Optional<HostId> otherHostOf(StoreId store, HostId than) {
        return hosts.otherHostOf(store, than);
    }

    @Override
    public int leastLoadedPartition(int current) {
        return hosts.leastLoadedPartition(partitions, current);
    }

    @Override
    public Set<ReplicaId> record(SortedMap<ReplicaId, Recording> ids) {
        return Script.run(handle, script -> replicas.record(ids, script));
    }

    @Override
    public Map<NamespaceName, NamespaceRow> lockNamespaces(SortedSet<NamespaceName> names) {
        return Script.run(handle, script -> entries.lockNamespaces(names, script));
    }

    @Override
    public PolicySet policies() {
        return entries.policies();
    }

    @Override
    public long policyVersion() {
        return opening.policyVersion();
    }

    @Override
    public Map<EntryName, EntryRow> lockEntries(SortedSet<EntryName> names, EntryLock lock) {
        return Script.run(handle, script -> entries.lock(names, lock, script));
    }

    @Override
    public List<EntryRow> lockVictims(NamespaceName namespace, Place after, int limit) {
        return entries.lockVictims(namespace, after, limit);
    }

    @Override
    public List<EntryRow> lockGroups(SortedSet<Group> groups) {
        return entries.lockGroups(groups);
    }

    @Override
    public List<EntryRow> groups(SortedSet<Group> groups) {
        return entries.groups(groups);
    }

    @Override
    public List<EntryRow> victims(NamespaceName namespace, Place after, int limit) {
        return entries.victims(namespace, after, limit);
    }

    @Override
    public double highestPriority(NamespaceName namespace) {
        return entries.highestPriority(namespace);
    }

    @Override
    public Selection countUnpinned(NamespaceName namespace, EntryKey prefix) {
        return entries.countUnpinned(namespace, prefix);
    }

    @Override
    public Selection countOverdue(NamespaceName namespace, TimeBounds times, String prefix) {
        return times.judgeNothing() ? Selection.NONE : entries.countOverdue(namespace, times, prefix);
    }

    @Override
    public List<EntryRow> lockPinned(NamespaceName namespace, int limit) {
        return entries.lockPinned(namespace, limit);
    }

    @Override
    public List<EntryRow> lockPinsEnded(NamespaceName namespace, int limit) {
        return entries.lockPinsEnded(namespace, opening.now(), limit);
    }

    @Override
    public List<EntryRow> lockCreatedUntil(NamespaceName namespace, Instant latest, int limit) {
        return entries.lockCreatedUntil(namespace, latest, limit);
    }

    @Override
    public List<NamespaceName> namespacesDue(int limit) {
        return entries.due(limit);
    }

    @Override
    public PlanRows plans() {
        return plans;
    }

    @Override
    public List<Long> nextGenerations(int count) {
        return Script.run(handle, script -> nextGenerations(count, script));
    }

    private static Supplier<List<Long>> nextGenerations(int count, Script script) {
        return script.add("SELECT nextval('generations') AS generation FROM generate_series(1, :count)",
                Map.of("count", Columns.number(count)), (row, context) -> row.getLong("generation"))::rows;
    }

    /** Locks all kinds of rows in one round trip. Later statements of a script see what was committed while earlier ones waited for their locks. */
    @Override
    public Held lock(Ahead asked) {
        Script script = new Script();
        Supplier<Set<ReplicaId>> unrecorded = replicas.record(asked.ids(), script);
        Supplier<Map<NamespaceName, NamespaceRow>> namespaces = entries.lockNamespaces(asked.namespaces(), script);
        Supplier<Map<EntryName, EntryRow>> changing = entries.lock(asked.changing(), EntryLock.EXCLUSIVE, script);
        Supplier<Map<EntryName, EntryRow>> staying = entries.lock(asked.staying(), EntryLock.SHARED, script);
        Supplier<Map<ReplicaId, ReplicaRow>> named = replicas.lock(asked.replicas(), script);
        int puts = asked.puts().values().stream().mapToInt(Integer::intValue).sum();
        Supplier<List<Long>> generations = puts == 0 ? List::of : nextGenerations(puts, script);
        Runnable victims = ahead.read(asked.puts(), asked.holdersEach(), script);
        script.run(handle);
        victims.run();
        Map<EntryName, EntryRow> found = new HashMap<>(changing.get());
        found.putAll(staying.get());
        return new Held(unrecorded.get(), namespaces.get(), found, named.get(), generations.get());
    }

    @Override
    public Map<ReplicaId, ReplicaRow> peekReplicas(Collection<ReplicaId> ids) {
        return Script.run(handle, script -> replicas.peek(ids, script));
    }

    @Override
    public Map<ReplicaId, ReplicaRow> lockReplicas(SortedSet<ReplicaId> ids) {
        return Script.run(handle, script -> replicas.lock(ids, script));
    }

    @Override
    public Map<Holding, Holders> lockLiveReplicas(Collection<Holding> holdings, int limitEach) {
        Map<Holding, Holders> found = ahead.holders(holdings);
        found.values().forEach(holders -> replicas.locked(holders.first()));
        List<Holding> unread = holdings.stream().filter(holding -> !found.containsKey(holding)).toList();
        if (!unread.isEmpty()) {
            found.putAll(replicas.lockLive(unread, limitEach));
        }
        return found;
    }

    @Override
    public long countLiveReplicas(Holding holding) {
        return replicas.countLive(holding);
    }

    @Override
    public long countReplicas(HostId host) {
        return replicas.countOf(host);
    }

    @Override
    public long countOrders(HostId host, int atMost) {
        return orders.count(host, atMost);
    }

    @Override
    public List<ReplicaId> openReplicaIds(HostId host, @Nullable ReplicaId after, int limit) {
        return replicas.openIds(host, after, limit);
    }

    @Override
    public Map<HostId, List<ReplicaRow>> lockOrdersForHeartbeats(SortedMap<HostId, Integer> limits, Instant soon) {
        return orders.lockForHeartbeats(limits, soon);
    }

    @Override
    public List<DueOrder> lockDueOrders(int limit) {
        return orders.lockDue(limit);
    }

    @Override
    public List<DueFact> lockDueFacts(int limit) {
        return evictions.lockDueFacts(limit);
    }

    @Override
    public List<EvictionFact> lockUnfinishedEvictions(int limit) {
        return evictions.lockUnfinished(limit);
    }

    @Override
    public Map<ReplicaId, Sighting> sightings(HostId host) {
        return hosts.sightings(host);
    }

    @Override
    public void apply(Changes changes) {
        Script script = new Script();
        write(changes, script);
        script.run(handle);
    }

    /** Adds what writes the changes. */
    void write(Changes changes, Script script) {
        hosts.write(changes.hosts().values(), script);
        entries.writeNamespaces(changes.namespaces().values(), script);
        if (changes.policiesChanged()) {
            EntryTable.risePolicyVersion(script);
        }
        EntryTable.riseEvictionCounts(changes.evictionCounts(), script);
        EntryTable.delete(changes.entriesGone(), script);
        entries.write(changes.entries().values(), script);
        replicas.write(changes.replicas().values(), script);
        replicas.close(changes.closed().values(), script);
        orders.makeDue(changes.ordersDue(), script);
        EvictionTable.add(changes.evictions(), changes.unfinished(), registry().restoredAt() != null, script);
        EvictionTable.finish(changes.finished(), script);
        EvictionTable.handOut(changes.factsHandedOut(), script);
        evictions.publish(changes.factsPublished(), script);
        HostTable.replaceSightings(changes.sightings(), script);
        HostTable.replaceInUse(changes.inUse(), script);
        JoinRefusalTable.write(changes.joins(), opening.now(), script);
        PlanTable.apply(changes.plans(), script);
        if (changes.registry() != null) {
            RegistryTable.write(changes.registry(), registry().epoch(), script);
        }
        AuditTable.add(changes.audit(), script);
        ActivityTable.add(changes.activity(), script);
    }
}
