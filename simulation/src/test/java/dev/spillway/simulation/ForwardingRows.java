package dev.spillway.simulation;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.memoryregistry.WholeRows;
import dev.spillway.registry.model.EntryGroup;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Holding;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.Place;
import dev.spillway.registry.model.RegistryRow;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.model.Selection;
import dev.spillway.registry.model.Sighting;
import dev.spillway.registry.plan.TimeBounds;
import dev.spillway.registry.store.Changes;
import dev.spillway.registry.store.PlanRows;
import dev.spillway.registry.store.Rows;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/** Forwards each statement to other rows, so that a planted bug overrides only the statement that it changes. */
abstract class ForwardingRows implements WholeRows {
    private final Rows rows;

    ForwardingRows(Rows rows) {
        this.rows = rows;
    }

    @Override
    public Instant now() {
        return rows.now();
    }

    @Override
    public RegistryRow registry() {
        return rows.registry();
    }

    @Override
    public Map<HostId, HostRow> lockHosts(SortedSet<HostId> ids, HostLock lock) {
        return rows.hosts().lockHosts(ids, lock);
    }

    @Override
    public List<HostRow> lockHostsUnheardSince(Instant deadline, int limit) {
        return rows.hosts().lockHostsUnheardSince(deadline, limit);
    }

    @Override
    public List<HostRow> lockHostsToRelieve(int limit) {
        return rows.hosts().lockHostsToRelieve(limit);
    }

    @Override
    public Set<Holding> heldElsewhere(Collection<Holding> holdings, HostId than) {
        return rows.replicas().heldElsewhere(holdings, than);
    }

    @Override
    public long countOrders(HostId host, int atMost) {
        return rows.orders().countOrders(host, atMost);
    }

    @Override
    public Optional<HostId> otherHostOf(StoreId store, HostId than) {
        return rows.hosts().otherHostOf(store, than);
    }

    @Override
    public int leastLoadedPartition(int current) {
        return rows.hosts().leastLoadedPartition(current);
    }

    @Override
    public Set<ReplicaId> record(SortedMap<ReplicaId, Recording> ids) {
        return rows.replicas().record(ids);
    }

    @Override
    public Map<NamespaceName, NamespaceRow> lockNamespaces(SortedSet<NamespaceName> names) {
        return rows.namespaces().lockNamespaces(names);
    }

    @Override
    public PolicySet policies() {
        return rows.namespaces().policies();
    }

    @Override
    public long policyVersion() {
        return rows.namespaces().policyVersion();
    }

    @Override
    public Map<EntryName, EntryRow> lockEntries(SortedSet<EntryName> names, EntryLock lock) {
        return rows.entries().lockEntries(names, lock);
    }

    @Override
    public List<EntryRow> lockVictims(NamespaceName namespace, Place after, int limit) {
        return rows.entries().lockVictims(namespace, after, limit);
    }

    @Override
    public List<EntryRow> victims(NamespaceName namespace, Place after, int limit) {
        return rows.entries().victims(namespace, after, limit);
    }

    @Override
    public List<EntryRow> lockGroups(SortedSet<EntryGroup> groups) {
        return rows.entries().lockGroups(groups);
    }

    @Override
    public List<EntryRow> groups(SortedSet<EntryGroup> groups) {
        return rows.entries().groups(groups);
    }

    @Override
    public double highestPriority(NamespaceName namespace) {
        return rows.namespaces().highestPriority(namespace);
    }

    @Override
    public Selection countUnpinned(NamespaceName namespace, EntryKey prefix) {
        return rows.entries().countUnpinned(namespace, prefix);
    }

    @Override
    public Selection countOverdue(NamespaceName namespace, TimeBounds times, String prefix) {
        return rows.entries().countOverdue(namespace, times, prefix);
    }

    @Override
    public List<EntryRow> lockPinned(NamespaceName namespace, int limit) {
        return rows.entries().lockPinned(namespace, limit);
    }

    @Override
    public List<EntryRow> lockPinsEnded(NamespaceName namespace, int limit) {
        return rows.expiry().lockPinsEnded(namespace, limit);
    }

    @Override
    public List<EntryRow> lockCreatedUntil(NamespaceName namespace, Instant latest, int limit) {
        return rows.expiry().lockCreatedUntil(namespace, latest, limit);
    }

    @Override
    public List<NamespaceName> namespacesDue(int limit) {
        return rows.expiry().namespacesDue(limit);
    }

    @Override
    public PlanRows plans() {
        return rows.plans();
    }

    @Override
    public List<Long> nextGenerations(int count) {
        return rows.namespaces().nextGenerations(count);
    }

    @Override
    public Map<ReplicaId, ReplicaRow> peekReplicas(Collection<ReplicaId> ids) {
        return rows.replicas().peekReplicas(ids);
    }

    @Override
    public Map<ReplicaId, ReplicaRow> lockReplicas(SortedSet<ReplicaId> ids) {
        return rows.replicas().lockReplicas(ids);
    }

    @Override
    public Map<Holding, Holders> lockLiveReplicas(Collection<Holding> holdings, int limitEach) {
        return rows.replicas().lockLiveReplicas(holdings, limitEach);
    }

    @Override
    public long countLiveReplicas(Holding holding) {
        return rows.replicas().countLiveReplicas(holding);
    }

    @Override
    public long countReplicas(HostId host) {
        return rows.replicas().countReplicas(host);
    }

    @Override
    public List<ReplicaId> openReplicaIds(HostId host, @Nullable ReplicaId after, int limit) {
        return rows.replicas().openReplicaIds(host, after, limit);
    }

    @Override
    public Map<HostId, List<ReplicaRow>> lockOrdersForHeartbeats(SortedMap<HostId, Integer> limits, Instant soon) {
        return rows.orders().lockOrdersForHeartbeats(limits, soon);
    }

    @Override
    public List<DueOrder> lockDueOrders(int limit) {
        return rows.orders().lockDueOrders(limit);
    }

    @Override
    public RegistryRow lockRegistry() {
        return rows.lockRegistry();
    }

    @Override
    public boolean isAnyHostUnheard(long epoch) {
        return rows.hosts().isAnyHostUnheard(epoch);
    }

    @Override
    public List<ReplicaRow> lockWaitingOrders(int limit) {
        return rows.orders().lockWaitingOrders(limit);
    }

    @Override
    public Map<Holding, Ended> endedSinceRestore(Collection<Holding> generations) {
        return rows.evictions().endedSinceRestore(generations);
    }

    @Override
    public List<DueFact> lockDueFacts(int limit) {
        return rows.evictions().lockDueFacts(limit);
    }

    @Override
    public List<EvictionFact> lockUnfinishedEvictions(int limit) {
        return rows.evictions().lockUnfinishedEvictions(limit);
    }

    @Override
    public Map<ReplicaId, Sighting> sightings(HostId host) {
        return rows.hosts().sightings(host);
    }

    @Override
    public void apply(Changes changes) {
        rows.apply(changes);
    }
}
