package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.core.Changes;
import dev.spillway.coordinator.core.EntryRow;
import dev.spillway.coordinator.core.HostRow;
import dev.spillway.coordinator.core.NamespaceRow;
import dev.spillway.coordinator.core.PlanRows;
import dev.spillway.coordinator.core.ReplicaRow;
import dev.spillway.coordinator.core.Rows;
import dev.spillway.coordinator.core.Sighting;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.RegistryId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.PolicySet;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The rows as one READ COMMITTED transaction of PostgreSQL sees them. Each statement sees what was committed before it began, and a locking one
 * the newest version of what it waited for; a row that another transaction inserted while this one waited is seen by the next statement, which
 * is why every kind is read by a statement of its own. Not thread-safe.
 */
final class JdbcRows implements Rows {
    private record Opening(Instant now, Registry registry, long policyVersion) {}

    private final Handle handle;
    private final int partitions;
    private final Opening opening;
    private final HostTable hosts;
    private final EntryTable entries;
    private final ReplicaTable replicas;
    private final EvictionTable evictions;
    private final PlanTable plans;

    private JdbcRows(Handle handle, int partitions, LeastUses leastUses, Opening opening) {
        this.handle = handle;
        this.partitions = partitions;
        this.opening = opening;
        hosts = new HostTable(handle);
        entries = new EntryTable(handle, leastUses, opening.registry().epoch());
        replicas = new ReplicaTable(handle, opening.now());
        evictions = new EvictionTable(handle, opening.now());
        plans = new PlanTable(handle);
    }

    /** Opens the view in a transaction that was just begun. */
    static JdbcRows open(Handle handle, int partitions, LeastUses leastUses) {
        Opening opening = handle.createQuery("""
                SELECT now() AS now, r.id, r.epoch, r.policy_version, CASE WHEN g.is_called THEN g.last_value ELSE 0 END AS generation
                FROM registry r CROSS JOIN generations g""")
                .map((row, context) -> new Opening(Columns.instant(row, "now"),
                        new Registry(new RegistryId(Columns.uuid(row, "id")), row.getLong("epoch"), row.getLong("generation")),
                        row.getLong("policy_version")))
                .one();
        return new JdbcRows(handle, partitions, leastUses, opening);
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
    public Map<HostId, HostRow> lockHosts(SortedSet<HostId> ids, HostLock lock) {
        return hosts.lock(ids, lock);
    }

    @Override
    public List<HostRow> lockHostsUnheardSince(Instant deadline, int limit) {
        return hosts.lockUnheardSince(deadline, limit);
    }

    @Override
    public Optional<HostId> otherHostOf(StoreId store, HostId than) {
        return hosts.otherHostOf(store, than);
    }

    @Override
    public int leastLoadedPartition() {
        return hosts.leastLoadedPartition(partitions);
    }

    @Override
    public Set<ReplicaId> record(SortedMap<ReplicaId, Recording> ids) {
        return replicas.record(ids);
    }

    @Override
    public Map<NamespaceName, NamespaceRow> lockNamespaces(SortedSet<NamespaceName> names) {
        return entries.lockNamespaces(names);
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
        return entries.lock(names, lock);
    }

    @Override
    public List<EntryRow> lockLeastRecentlyUsed(NamespaceName namespace, long afterUse, int limit) {
        return entries.lockLeastRecentlyUsed(namespace, afterUse, limit);
    }

    @Override
    public List<EntryRow> leastRecentlyUsed(NamespaceName namespace, long afterUse, int limit) {
        return entries.leastRecentlyUsed(namespace, afterUse, limit);
    }

    @Override
    public Selection countUnpinned(NamespaceName namespace, EntryKey prefix) {
        return entries.countUnpinned(namespace, prefix);
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
        return handle.createQuery("SELECT nextval('generations') FROM generate_series(1, :count)")
                .bind("count", count)
                .mapTo(Long.class)
                .list();
    }

    @Override
    public Map<ReplicaId, ReplicaRow> peekReplicas(Collection<ReplicaId> ids) {
        return replicas.peek(ids);
    }

    @Override
    public Map<ReplicaId, ReplicaRow> lockReplicas(SortedSet<ReplicaId> ids) {
        return replicas.lock(ids);
    }

    @Override
    public Map<Holding, List<ReplicaRow>> lockLiveReplicas(Collection<Holding> holdings, int limitEach) {
        return replicas.lockLive(holdings, limitEach);
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
    public List<ReplicaId> openReplicaIds(HostId host, @Nullable ReplicaId after, int limit) {
        return replicas.openIds(host, after, limit);
    }

    @Override
    public Map<HostId, List<ReplicaRow>> lockDueOrdersOf(SortedMap<HostId, Integer> limits) {
        return replicas.lockDueOf(limits);
    }

    @Override
    public List<DueOrder> lockDueOrders(int limit) {
        return replicas.lockDue(limit);
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
        WriteScript script = new WriteScript();
        write(changes, script);
        script.run(handle);
    }

    /** Adds what writes the changes. */
    void write(Changes changes, WriteScript script) {
        hosts.write(changes.hosts().values(), script);
        entries.writeNamespaces(changes.namespaces().values(), script);
        if (changes.policiesChanged()) {
            EntryTable.risePolicyVersion(script);
        }
        EntryTable.riseEvictionCounts(changes.evictionCounts(), script);
        EntryTable.delete(changes.entriesGone(), script);
        entries.write(changes.entries().values(), script);
        replicas.write(changes.replicas().values(), script);
        ReplicaTable.close(changes.closed().values(), script);
        replicas.makeDue(changes.ordersDue(), script);
        EvictionTable.add(changes.evictions(), changes.unfinished(), script);
        EvictionTable.finish(changes.finished(), script);
        EvictionTable.handOut(changes.factsHandedOut(), script);
        evictions.publish(changes.factsPublished(), script);
        HostTable.replaceSightings(changes.sightings(), script);
        PlanTable.apply(changes.plans(), script);
        ActivityTable.add(changes.activity(), script);
    }
}
