package dev.spillway.memoryregistry;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.RegistryId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.registry.decide.TransactionGroups;
import dev.spillway.registry.model.EntryGroup;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Holding;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.HostState;
import dev.spillway.registry.model.InUse;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.OpenOrder;
import dev.spillway.registry.model.Place;
import dev.spillway.registry.model.RegistryRow;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.model.Selection;
import dev.spillway.registry.model.Sighting;
import dev.spillway.registry.plan.TimeBounds;
import dev.spillway.registry.store.Changes;
import dev.spillway.registry.store.PlanRows;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All rows in maps. One transaction runs at a time, and is committed as soon as it is applied, so locks are not needed. A caller that interleaves
 * transactions keeps locks of its own. Not thread-safe.
 */
public final class MapRows implements WholeRows {
    final MapTables tables;
    private final int partitions;
    private final InstantSource clock;

    /**
     * Creates empty tables.
     *
     * @param partitions number of partitions that hosts are spread over, 1 or more
     */
    public MapRows(RegistryId id, int partitions, InstantSource clock) {
        tables = new MapTables(id);
        this.partitions = partitions;
        this.clock = clock;
    }

    /** Returns an independent copy of these rows. */
    public MapRows copy() {
        MapRows copy = new MapRows(tables.registry.id(), partitions, clock);
        copy.goBackTo(this);
        return copy;
    }

    /** Becomes what a copy was made of, as a database does that is restored; the copy stays as it is. */
    public void goBackTo(MapRows copy) {
        tables.goBackTo(copy.tables);
    }

    // Committed rows for tests and tools: views that follow every change.

    public SortedMap<HostId, HostRow> storedHosts() {
        return Collections.unmodifiableSortedMap(tables.hosts);
    }

    public SortedMap<NamespaceName, NamespaceRow> storedNamespaces() {
        return Collections.unmodifiableSortedMap(tables.namespaces);
    }

    public NavigableMap<EntryName, EntryRow> storedEntries() {
        return Collections.unmodifiableNavigableMap(tables.entries);
    }

    /** Returns all open rows. */
    public NavigableMap<ReplicaId, ReplicaRow> storedReplicas() {
        return Collections.unmodifiableNavigableMap(tables.replicas);
    }

    /** Returns the replicas that a host told last to be in use. */
    public Collection<InUse> inUse(HostId host) {
        return tables.inUse.getOrDefault(host, Map.of()).values();
    }

    /** Returns whether an eviction left holders of this generation to a later transaction. */
    public boolean isUnfinished(Holding holding) {
        return tables.unfinished.stream()
                .map(one -> stored(tables.evictions, one).fact())
                .anyMatch(
                        fact -> fact.generation() == holding.generation() && fact.namespace().equals(holding.name().namespace())
                                && fact.key().equals(holding.name().key()));
    }

    /** Returns all evictions whose facts are not known to be published. */
    public List<EvictionFact> unpublished() {
        return tables.evictions.values().stream().filter(eviction -> !eviction.published()).map(MapTables.StoredEviction::fact).toList();
    }

    public boolean isRecorded(ReplicaId one) {
        return tables.recorded.contains(one);
    }

    @Override
    public Instant now() {
        return clock.instant();
    }

    @Override
    public RegistryRow registry() {
        return tables.registry;
    }

    @Override
    public RegistryRow lockRegistry() {
        return tables.registry;
    }

    @Override
    public boolean isAnyHostUnheard(long epoch) {
        return tables.hosts.values().stream().anyMatch(host -> host.isUnheard(epoch));
    }

    @Override
    public List<ReplicaRow> lockWaitingOrders(int limit) {
        return tables.replicas.values().stream().filter(row -> row.doom() != null && row.doom().isWaiting()).limit(limit).toList();
    }

    @Override
    public Map<Holding, Ended> endedSinceRestore(Collection<Holding> generations) {
        Map<Holding, Ended> found = new HashMap<>();
        for (Holding holding : generations) {
            Stream.concat(
                    tables.afterRestore.stream()
                            .map(one -> stored(tables.evictions, one).fact())
                            .filter(fact -> fact.generation() >= holding.generation()),
                    tables.unfinished.stream()
                            .map(one -> stored(tables.evictions, one).fact())
                            .filter(fact -> fact.generation() == holding.generation()))
                    .filter(fact -> new EntryName(fact.namespace(), fact.key()).equals(holding.name()))
                    .min(Comparator.comparingLong(EvictionFact::generation))
                    .ifPresent(fact -> found.put(holding, new Ended(fact.generation(), fact.id(), fact.cause())));
        }
        return found;
    }

    @Override
    public Map<HostId, HostRow> lockHosts(SortedSet<HostId> ids, HostLock lock) {
        return existing(ids, tables.hosts);
    }

    @Override
    public List<HostRow> lockHostsUnheardSince(Instant deadline, int limit) {
        return tables.hosts.values()
                .stream()
                .filter(host -> host.state() == HostState.ACTIVE && host.lastHeardAt().isBefore(deadline))
                .limit(limit)
                .toList();
    }

    @Override
    public List<HostRow> lockHostsToRelieve(int limit) {
        Instant now = now();
        return tables.hosts.values()
                .stream()
                .filter(host -> host.isDraining() && host.drain() != null && !host.drain().lookAt().isAfter(now))
                .limit(limit)
                .toList();
    }

    @Override
    public Set<Holding> heldElsewhere(Collection<Holding> holdings, HostId than) {
        return holdings.stream().filter(holding -> isHeldElsewhere(holding, than)).collect(Collectors.toSet());
    }

    boolean isHeldElsewhere(Holding holding, HostId than) {
        Instant restoredAt = tables.registry.restoredAt();
        return live(holding).filter(row -> restoredAt == null || row.registeredAt().isAfter(restoredAt))
                .anyMatch(row -> !row.hostId().equals(than) && stored(tables.hosts, row.hostId()).isReliedOn());
    }

    @Override
    public Optional<HostId> otherHostOf(StoreId store, HostId than) {
        return tables.hosts.values()
                .stream()
                .filter(host -> host.storeId().equals(store) && !host.id().equals(than) && host.state() != HostState.RETIRED)
                .map(HostRow::id)
                .findFirst();
    }

    @Override
    public int leastLoadedPartition(int current) {
        int[] others = new int[partitions];
        tables.hosts.values()
                .stream()
                .filter(host -> host.state() != HostState.RETIRED && !host.isDraining())
                .forEach(host -> others[host.partition()]++);
        boolean stays = current >= 0 && current < partitions;
        int least = stays ? current : 0;
        others[least] -= stays ? 1 : 0;
        for (int partition = 0; partition < partitions; partition++) {
            least = others[partition] < others[least] ? partition : least;
        }
        return least;
    }

    @Override
    public Set<ReplicaId> record(SortedMap<ReplicaId, Recording> ids) {
        Set<ReplicaId> unrecorded = new TreeSet<>(ids.keySet());
        unrecorded.removeIf(one -> !tables.recorded.add(one));
        return unrecorded;
    }

    @Override
    public Map<NamespaceName, NamespaceRow> lockNamespaces(SortedSet<NamespaceName> names) {
        return existing(names, tables.namespaces);
    }

    @Override
    public PolicySet policies() {
        return new PolicySet(
                tables.policyVersion,
                tables.namespaces.values().stream().map(row -> row.policy().forWorkers(row.name())).toList());
    }

    @Override
    public long policyVersion() {
        return tables.policyVersion;
    }

    @Override
    public Map<EntryName, EntryRow> lockEntries(SortedSet<EntryName> names, EntryLock lock) {
        return existing(names, tables.entries);
    }

    @Override
    public List<EntryRow> lockVictims(NamespaceName namespace, Place after, int limit) {
        return victims(namespace, after, limit);
    }

    @Override
    public List<EntryRow> victims(NamespaceName namespace, Place after, int limit) {
        return tables.inOrder(namespace, after).filter(EntryRow::isInOrder).limit(limit).toList();
    }

    @Override
    public double highestPriority(NamespaceName namespace) {
        return tables.inOrder(namespace, Place.START).mapToDouble(row -> row.use().priority()).max().orElse(0);
    }

    @Override
    public List<EntryRow> lockGroups(SortedSet<EntryGroup> groups) {
        return groups(groups);
    }

    @Override
    public List<EntryRow> groups(SortedSet<EntryGroup> groups) {
        return tables.entries.values().stream().filter(row -> row.group() != null && groups.contains(row.group())).toList();
    }

    @Override
    public Selection countUnpinned(NamespaceName namespace, EntryKey prefix) {
        return countUnpinned(namespace, row -> row.name().key().value().startsWith(prefix.value()));
    }

    @Override
    public Selection countOverdue(NamespaceName namespace, TimeBounds times, String prefix) {
        Map<EntryRow, List<EntryRow>> groups = TransactionGroups.withGroups(this, tables.inOrder(namespace, Place.START).toList());
        return countUnpinned(
                namespace,
                row -> row.name().key().value().startsWith(prefix) && times.reasonFor(groups.getOrDefault(row, List.of(row))) != null);
    }

    private Selection countUnpinned(NamespaceName namespace, Predicate<EntryRow> which) {
        List<EntryRow> selected = tables.inOrder(namespace, Place.START).filter(row -> row.pin() == null).filter(which).toList();
        return new Selection(selected.size(), selected.stream().mapToLong(EntryRow::sizeBytes).sum());
    }

    @Override
    public List<EntryRow> lockPinned(NamespaceName namespace, int limit) {
        return tables.inOrder(namespace, Place.START).filter(row -> row.pin() != null).limit(limit).toList();
    }

    @Override
    public List<EntryRow> lockPinsEnded(NamespaceName namespace, int limit) {
        return pinsEnded(namespace).sorted(Comparator.comparing((EntryRow row) -> endOfPin(row)).thenComparing(EntryRow::name))
                .limit(limit)
                .toList();
    }

    private Stream<EntryRow> pinsEnded(NamespaceName namespace) {
        Instant now = now();
        return tables.inOrder(namespace, Place.START).filter(row -> row.pin() != null && endOfPin(row).isBefore(now));
    }

    private static Instant endOfPin(EntryRow row) {
        Instant until = row.pin() == null ? null : row.pin().until();
        return until == null ? Instant.MAX : until;
    }

    @Override
    public List<EntryRow> lockCreatedUntil(NamespaceName namespace, Instant latest, int limit) {
        return tables.inOrder(namespace, Place.START)
                .filter(row -> row.pin() == null && !row.createdAt().isAfter(latest))
                .sorted(Comparator.comparing(EntryRow::createdAt).thenComparingLong(EntryRow::generation))
                .limit(limit)
                .toList();
    }

    @Override
    public List<NamespaceName> namespacesDue(int limit) {
        return tables.namespaces.values().stream().filter(this::isDue).map(NamespaceRow::name).limit(limit).toList();
    }

    private boolean isDue(NamespaceRow namespace) {
        Instant now = now();
        return namespace.evictingToWatermark() || pinsEnded(namespace.name()).findAny().isPresent()
                || tables.inOrder(namespace.name(), Place.START).anyMatch(row -> namespace.policy().endOf(row, now) != null);
    }

    @Override
    public PlanRows plans() {
        return tables.plans;
    }

    @Override
    public List<Long> nextGenerations(int count) {
        return Stream.generate(tables::drawGeneration).limit(count).toList();
    }

    @Override
    public Map<ReplicaId, ReplicaRow> peekReplicas(Collection<ReplicaId> ids) {
        return existing(ids, tables.replicas);
    }

    @Override
    public Map<ReplicaId, ReplicaRow> lockReplicas(SortedSet<ReplicaId> ids) {
        return existing(ids, tables.replicas);
    }

    @Override
    public Map<Holding, Holders> lockLiveReplicas(Collection<Holding> holdings, int limitEach) {
        Map<Holding, Holders> found = new HashMap<>();
        holdings.forEach(holding -> found.put(holding, Holders.ofUpTo(limitEach, live(holding).limit(limitEach).toList())));
        return found;
    }

    @Override
    public long countLiveReplicas(Holding holding) {
        return live(holding).count();
    }

    private Stream<ReplicaRow> live(Holding holding) {
        return tables.holders(holding).filter(ReplicaRow::isLive);
    }

    @Override
    public long countReplicas(HostId host) {
        return tables.replicas.values().stream().filter(row -> row.hostId().equals(host)).count();
    }

    @Override
    public long countOrders(HostId host, int atMost) {
        return tables.replicas.values().stream().filter(row -> row.hostId().equals(host) && !row.isLive()).limit(atMost).count();
    }

    @Override
    public List<ReplicaId> openReplicaIds(HostId host, @Nullable ReplicaId after, int limit) {
        NavigableMap<ReplicaId, ReplicaRow> rest = after == null ? tables.replicas : tables.replicas.tailMap(after, false);
        return rest.values().stream().filter(row -> row.hostId().equals(host)).map(ReplicaRow::id).limit(limit).toList();
    }

    @Override
    public Map<HostId, List<ReplicaRow>> lockOrdersForHeartbeats(SortedMap<HostId, Integer> limits, Instant soon) {
        Map<HostId, List<ReplicaRow>> orders = new HashMap<>();
        limits.forEach(
                (host, limit) -> orders.put(
                        host,
                        tables.replicas.values()
                                .stream()
                                .filter(row -> row.hostId().equals(host) && row.doom() != null && row.doom().isForHeartbeat(now(), soon))
                                .sorted(Comparator.comparing(row -> doomOf(row).at()))
                                .limit(limit)
                                .toList()));
        return orders;
    }

    @Override
    public List<DueOrder> lockDueOrders(int limit) {
        Instant now = now();
        return tables.replicas.values()
                .stream()
                .filter(row -> row.doom() != null && !row.doom().nextAttemptAt().isAfter(now))
                .map(row -> new DueOrder(row, stored(tables.hosts, row.hostId())))
                .filter(due -> due.host().state() == HostState.ACTIVE)
                .sorted(Comparator.comparing(due -> doomOf(due.replica()).nextAttemptAt()))
                .limit(limit)
                .toList();
    }

    private static OpenOrder doomOf(ReplicaRow row) {
        OpenOrder doom = row.doom();
        if (doom == null) {
            throw new IllegalStateException("replica " + row.id() + " is not doomed");
        }
        return doom;
    }

    @Override
    public List<DueFact> lockDueFacts(int limit) {
        Instant now = now();
        return tables.evictions.values()
                .stream()
                .filter(eviction -> !eviction.published() && !eviction.dueAt().isAfter(now))
                .limit(limit)
                .map(eviction -> new DueFact(eviction.fact(), eviction.attempts()))
                .toList();
    }

    @Override
    public List<EvictionFact> lockUnfinishedEvictions(int limit) {
        return tables.unfinished.stream().limit(limit).map(one -> stored(tables.evictions, one).fact()).toList();
    }

    @Override
    public Map<ReplicaId, Sighting> sightings(HostId host) {
        return tables.sightings.getOrDefault(host, Map.of());
    }

    @Override
    public void apply(Changes changes) {
        tables.apply(changes, now());
    }

    /** Returns the entries of {@code all} under these keys. */
    public static <K, V> Map<K, V> existing(Collection<K> keys, Map<K, V> all) {
        Map<K, V> found = new HashMap<>();
        for (K key : keys) {
            V value = all.get(key);
            if (value != null) {
                found.put(key, value);
            }
        }
        return found;
    }

    /** @throws IllegalStateException if there is no such row */
    public static <K, V> V stored(Map<K, V> all, K key) {
        V value = all.get(key);
        if (value == null) {
            throw new IllegalStateException("no row for " + key);
        }
        return value;
    }
}
