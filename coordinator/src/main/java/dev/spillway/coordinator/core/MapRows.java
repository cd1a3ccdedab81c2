package dev.spillway.coordinator.core;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.RegistryId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.PolicySet;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All rows in maps: one transaction at a time, and committed as soon as it is applied. Locks are not needed, because nobody else is there; whoever
 * lets transactions interleave keeps locks of his own. Not thread-safe.
 */
public final class MapRows implements Rows {
    /** An eviction as stored, and what is known of publishing its fact. */
    record StoredEviction(Eviction eviction, long number, boolean published, Instant dueAt, int attempts) {
        EvictionFact fact() {
            return eviction.fact();
        }
    }

    final SortedMap<HostId, HostRow> hosts = new TreeMap<>();
    final SortedMap<NamespaceName, NamespaceRow> namespaces = new TreeMap<>();
    final NavigableMap<EntryName, EntryRow> entries = new TreeMap<>();
    final Map<NamespaceName, NavigableMap<Long, EntryName>> uses = new HashMap<>();
    final NavigableMap<ReplicaId, ReplicaRow> replicas = new TreeMap<>();
    final Map<Holding, SortedSet<ReplicaId>> holders = new HashMap<>();
    final List<ClosedReplica> history = new ArrayList<>();
    final Map<EvictionId, StoredEviction> evictions = new LinkedHashMap<>();
    final SortedSet<EvictionId> unfinished = new TreeSet<>();
    final Map<Changes.CauseOfNamespace, Long> evictionCounts = new HashMap<>();
    final List<Activity> activity = new ArrayList<>();
    final MapPlans plans = new MapPlans();
    private final Set<ReplicaId> recorded = new HashSet<>();
    private final Map<HostId, Map<ReplicaId, Sighting>> sightings = new HashMap<>();
    final SortedMap<JoinRefusal.Asking, JoinRefusal> refusals = new TreeMap<>();

    private final int partitions;
    private final InstantSource clock;
    private Registry registry;
    private final Set<EvictionId> afterRestore = new HashSet<>();
    private long policyVersion = 1;

    /**
     * No rows yet.
     *
     * @param partitions how many partitions hosts are spread over, 1 or more
     */
    public MapRows(RegistryId id, int partitions, InstantSource clock) {
        registry = new Registry(id, 1, 0, null, null);
        this.partitions = partitions;
        this.clock = clock;
    }

    /** These rows as they are now, which go on by themselves. */
    public MapRows copy() {
        MapRows copy = new MapRows(registry.id(), partitions, clock);
        copy.goBackTo(this);
        return copy;
    }

    /** Becomes what a copy was made of, as a database does that is restored; the copy stays as it is. */
    public void goBackTo(MapRows copy) {
        replace(hosts, copy.hosts);
        replace(namespaces, copy.namespaces);
        replace(entries, copy.entries);
        uses.clear();
        copy.uses.forEach((namespace, inOrder) -> uses.put(namespace, new TreeMap<>(inOrder)));
        replace(replicas, copy.replicas);
        holders.clear();
        copy.holders.forEach((holding, ids) -> holders.put(holding, new TreeSet<>(ids)));
        replace(history, copy.history);
        replace(evictions, copy.evictions);
        replace(unfinished, copy.unfinished);
        replace(evictionCounts, copy.evictionCounts);
        replace(activity, copy.activity);
        plans.goBackTo(copy.plans);
        replace(recorded, copy.recorded);
        sightings.clear();
        copy.sightings.forEach((host, seen) -> sightings.put(host, new HashMap<>(seen)));
        replace(refusals, copy.refusals);
        replace(afterRestore, copy.afterRestore);
        registry = copy.registry;
        policyVersion = copy.policyVersion;
    }

    private static <T> void replace(Collection<T> rows, Collection<T> by) {
        rows.clear();
        rows.addAll(by);
    }

    private static <K, V> void replace(Map<K, V> rows, Map<K, V> by) {
        rows.clear();
        rows.putAll(by);
    }

    // The committed rows, for whoever looks from outside; views that follow every change.

    public SortedMap<HostId, HostRow> hosts() {
        return Collections.unmodifiableSortedMap(hosts);
    }

    public SortedMap<NamespaceName, NamespaceRow> namespaces() {
        return Collections.unmodifiableSortedMap(namespaces);
    }

    public NavigableMap<EntryName, EntryRow> entries() {
        return Collections.unmodifiableNavigableMap(entries);
    }

    /** All open rows. */
    public NavigableMap<ReplicaId, ReplicaRow> replicas() {
        return Collections.unmodifiableNavigableMap(replicas);
    }

    /** Whether an eviction left holders of this generation to a later transaction. */
    public boolean isUnfinished(Holding holding) {
        return unfinished.stream()
                .map(one -> stored(evictions, one).fact())
                .anyMatch(fact -> fact.generation() == holding.generation() && fact.namespace().equals(holding.name().namespace())
                        && fact.key().equals(holding.name().key()));
    }

    /** All evictions whose facts are not known to be published. */
    public List<EvictionFact> unpublished() {
        return evictions.values().stream().filter(eviction -> !eviction.published()).map(StoredEviction::fact).toList();
    }

    public boolean isRecorded(ReplicaId one) {
        return recorded.contains(one);
    }

    @Override
    public Instant now() {
        return clock.instant();
    }

    @Override
    public Registry registry() {
        return registry;
    }

    @Override
    public Registry lockRegistry() {
        return registry;
    }

    @Override
    public boolean isAnyHostUnheard(long epoch) {
        return hosts.values().stream().anyMatch(host -> host.isUnheard(epoch));
    }

    @Override
    public List<ReplicaRow> lockWaitingOrders(int limit) {
        return replicas.values().stream().filter(row -> row.doom() != null && row.doom().isWaiting()).limit(limit).toList();
    }

    @Override
    public Map<Holding, Ended> endedSinceRestore(Collection<Holding> generations) {
        Map<Holding, Ended> found = new HashMap<>();
        for (Holding holding : generations) {
            Stream.concat(
                    afterRestore.stream()
                            .map(one -> stored(evictions, one).fact())
                            .filter(fact -> fact.generation() >= holding.generation()),
                    unfinished.stream()
                            .map(one -> stored(evictions, one).fact())
                            .filter(fact -> fact.generation() == holding.generation()))
                    .filter(fact -> new EntryName(fact.namespace(), fact.key()).equals(holding.name()))
                    .min(Comparator.comparingLong(EvictionFact::generation))
                    .ifPresent(fact -> found.put(holding, new Ended(fact.generation(), fact.id(), fact.cause())));
        }
        return found;
    }

    @Override
    public Map<HostId, HostRow> lockHosts(SortedSet<HostId> ids, HostLock lock) {
        return existing(ids, hosts);
    }

    @Override
    public List<HostRow> lockHostsUnheardSince(Instant deadline, int limit) {
        return hosts.values()
                .stream()
                .filter(host -> host.state() == HostState.ACTIVE && host.lastHeardAt().isBefore(deadline))
                .limit(limit)
                .toList();
    }

    @Override
    public List<HostRow> lockHostsToRelieve(int limit) {
        Instant now = now();
        return hosts.values()
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
        Instant restoredAt = registry.restoredAt();
        return live(holding).filter(row -> restoredAt == null || row.registeredAt().isAfter(restoredAt))
                .anyMatch(row -> !row.hostId().equals(than) && stored(hosts, row.hostId()).isReliedOn());
    }

    @Override
    public Optional<HostId> otherHostOf(StoreId store, HostId than) {
        return hosts.values()
                .stream()
                .filter(host -> host.storeId().equals(store) && !host.id().equals(than) && host.state() != HostState.RETIRED)
                .map(HostRow::id)
                .findFirst();
    }

    @Override
    public int leastLoadedPartition(int current) {
        int[] others = new int[partitions];
        hosts.values()
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
        unrecorded.removeIf(one -> !recorded.add(one));
        return unrecorded;
    }

    @Override
    public Map<NamespaceName, NamespaceRow> lockNamespaces(SortedSet<NamespaceName> names) {
        return existing(names, namespaces);
    }

    @Override
    public PolicySet policies() {
        return new PolicySet(policyVersion,
                namespaces.values().stream().map(row -> new PolicySet.Entry(row.name(), row.policy().maxBytes())).toList());
    }

    @Override
    public long policyVersion() {
        return policyVersion;
    }

    @Override
    public Map<EntryName, EntryRow> lockEntries(SortedSet<EntryName> names, EntryLock lock) {
        return existing(names, entries);
    }

    @Override
    public List<EntryRow> lockLeastRecentlyUsed(NamespaceName namespace, long afterUse, int limit) {
        return leastRecentlyUsed(namespace, afterUse, limit);
    }

    @Override
    public List<EntryRow> leastRecentlyUsed(NamespaceName namespace, long afterUse, int limit) {
        return leastRecentlyUsed(namespace, afterUse).filter(row -> row.pin() == null).limit(limit).toList();
    }

    @Override
    public Selection countUnpinned(NamespaceName namespace, EntryKey prefix) {
        List<EntryRow> selected = leastRecentlyUsed(namespace, 0).filter(row -> row.pin() == null)
                .filter(row -> row.name().key().value().startsWith(prefix.value()))
                .toList();
        return new Selection(selected.size(), selected.stream().mapToLong(EntryRow::sizeBytes).sum());
    }

    @Override
    public List<EntryRow> lockPinned(NamespaceName namespace, int limit) {
        return leastRecentlyUsed(namespace, 0).filter(row -> row.pin() != null).limit(limit).toList();
    }

    @Override
    public List<EntryRow> lockPinsEnded(NamespaceName namespace, int limit) {
        return pinsEnded(namespace).sorted(Comparator.comparing((EntryRow row) -> endOfPin(row)).thenComparing(EntryRow::name))
                .limit(limit)
                .toList();
    }

    private Stream<EntryRow> pinsEnded(NamespaceName namespace) {
        Instant now = now();
        return leastRecentlyUsed(namespace, 0).filter(row -> row.pin() != null && endOfPin(row).isBefore(now));
    }

    private static Instant endOfPin(EntryRow row) {
        Instant until = row.pin() == null ? null : row.pin().until();
        return until == null ? Instant.MAX : until;
    }

    @Override
    public List<EntryRow> lockCreatedUntil(NamespaceName namespace, Instant latest, int limit) {
        return leastRecentlyUsed(namespace, 0).filter(row -> row.pin() == null && !row.createdAt().isAfter(latest))
                .sorted(Comparator.comparing(EntryRow::createdAt).thenComparingLong(EntryRow::generation))
                .limit(limit)
                .toList();
    }

    @Override
    public List<NamespaceName> namespacesDue(int limit) {
        return namespaces.values().stream().filter(this::isDue).map(NamespaceRow::name).limit(limit).toList();
    }

    private boolean isDue(NamespaceRow namespace) {
        Instant now = now();
        return namespace.draining() || pinsEnded(namespace.name()).findAny().isPresent()
                || leastRecentlyUsed(namespace.name(), 0).anyMatch(row -> namespace.policy().endOf(row, now) != null);
    }

    @Override
    public PlanRows plans() {
        return plans;
    }

    Stream<EntryRow> leastRecentlyUsed(NamespaceName namespace, long afterUse) {
        NavigableMap<Long, EntryName> inOrder = uses.get(namespace);
        return inOrder == null ? Stream.empty() : inOrder.tailMap(afterUse, false).values().stream().map(name -> stored(entries, name));
    }

    @Override
    public List<Long> nextGenerations(int count) {
        List<Long> drawn = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            registry = new Registry(registry.id(), registry.epoch(), registry.highestGeneration() + 1, registry.restoredAt(),
                    registry.behind());
            drawn.add(registry.highestGeneration());
        }
        return drawn;
    }

    @Override
    public Map<ReplicaId, ReplicaRow> peekReplicas(Collection<ReplicaId> ids) {
        return existing(ids, replicas);
    }

    @Override
    public Map<ReplicaId, ReplicaRow> lockReplicas(SortedSet<ReplicaId> ids) {
        return existing(ids, replicas);
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
        return holders(holding).filter(ReplicaRow::isLive);
    }

    Stream<ReplicaRow> holders(Holding holding) {
        SortedSet<ReplicaId> ids = holders.get(holding);
        return ids == null ? Stream.empty() : ids.stream().map(one -> stored(replicas, one));
    }

    @Override
    public long countReplicas(HostId host) {
        return replicas.values().stream().filter(row -> row.hostId().equals(host)).count();
    }

    @Override
    public long countOrders(HostId host, int atMost) {
        return replicas.values().stream().filter(row -> row.hostId().equals(host) && !row.isLive()).limit(atMost).count();
    }

    @Override
    public List<ReplicaId> openReplicaIds(HostId host, @Nullable ReplicaId after, int limit) {
        NavigableMap<ReplicaId, ReplicaRow> rest = after == null ? replicas : replicas.tailMap(after, false);
        return rest.values().stream().filter(row -> row.hostId().equals(host)).map(ReplicaRow::id).limit(limit).toList();
    }

    @Override
    public Map<HostId, List<ReplicaRow>> lockDueOrdersOf(SortedMap<HostId, Integer> limits) {
        Instant now = now();
        Map<HostId, List<ReplicaRow>> due = new HashMap<>();
        limits.forEach((host, limit) -> due.put(host, doomed(now).filter(row -> row.hostId().equals(host))
                .sorted(Comparator.comparing(row -> doomOf(row).at()))
                .limit(limit)
                .toList()));
        return due;
    }

    @Override
    public List<DueOrder> lockDueOrders(int limit) {
        return doomed(now()).map(row -> new DueOrder(row, stored(hosts, row.hostId())))
                .filter(due -> due.host().state() == HostState.ACTIVE)
                .sorted(Comparator.comparing(due -> doomOf(due.replica()).nextAttemptAt()))
                .limit(limit)
                .toList();
    }

    private Stream<ReplicaRow> doomed(Instant dueAt) {
        return replicas.values().stream().filter(row -> row.doom() != null && !row.doom().nextAttemptAt().isAfter(dueAt));
    }

    private static Doom doomOf(ReplicaRow row) {
        Doom doom = row.doom();
        if (doom == null) {
            throw new IllegalStateException("replica " + row.id() + " is not doomed");
        }
        return doom;
    }

    @Override
    public List<DueFact> lockDueFacts(int limit) {
        Instant now = now();
        return evictions.values()
                .stream()
                .filter(eviction -> !eviction.published() && !eviction.dueAt().isAfter(now))
                .limit(limit)
                .map(eviction -> new DueFact(eviction.fact(), eviction.attempts()))
                .toList();
    }

    @Override
    public List<EvictionFact> lockUnfinishedEvictions(int limit) {
        return unfinished.stream().limit(limit).map(one -> stored(evictions, one).fact()).toList();
    }

    @Override
    public Map<ReplicaId, Sighting> sightings(HostId host) {
        return sightings.getOrDefault(host, Map.of());
    }

    @Override
    public void apply(Changes changes) {
        hosts.putAll(changes.hosts());
        namespaces.putAll(changes.namespaces());
        policyVersion += changes.policiesChanged() ? 1 : 0;
        changes.entriesGone().forEach(name -> unlink(entries.remove(name)));
        for (EntryRow row : changes.entries().values()) {
            unlink(entries.put(row.name(), row));
            uses.computeIfAbsent(row.name().namespace(), ignored -> new TreeMap<>()).put(row.lastUse(), row.name());
        }
        for (ReplicaRow row : changes.replicas().values()) {
            replicas.put(row.id(), row);
            holders.computeIfAbsent(holding(row), ignored -> new TreeSet<>()).add(row.id());
        }
        for (ClosedReplica row : changes.closed().values()) {
            if (replicas.remove(row.row().id()) != null) {
                SortedSet<ReplicaId> left = stored(holders, holding(row.row()));
                left.remove(row.row().id());
                if (left.isEmpty()) {
                    holders.remove(holding(row.row()));
                }
            }
            history.add(row);
        }
        for (Eviction eviction : changes.evictions()) {
            evictions.put(eviction.fact().id(),
                    new StoredEviction(eviction, evictions.size(), false, eviction.fact().evictedAt(), 0));
            if (registry.restoredAt() != null && eviction.isDecided()) {
                afterRestore.add(eviction.fact().id());
            }
        }
        unfinished.addAll(changes.unfinished());
        unfinished.removeAll(changes.finished());
        changes.evictionCounts().forEach((figure, more) -> evictionCounts.merge(figure, more, Long::sum));
        changes.factsHandedOut()
                .forEach((one, due) -> evictions.computeIfPresent(one,
                        (key, was) -> new StoredEviction(was.eviction(), was.number(), was.published(), due, was.attempts() + 1)));
        changes.factsPublished()
                .forEach(one -> evictions.computeIfPresent(one,
                        (key, was) -> new StoredEviction(was.eviction(), was.number(), true, was.dueAt(), was.attempts())));
        if (!changes.ordersDue().isEmpty()) {
            Instant now = now();
            replicas.replaceAll((key, row) -> row.doom() != null && changes.ordersDue().contains(row.hostId())
                    && row.doom().nextAttemptAt().isAfter(now) && !row.doom().isWaiting() ? row.doomed(row.doom().dueAt(now)) : row);
        }
        changes.joins().forEach((asking, refusal) -> {
            refusals.remove(asking);
            refusal.ifPresent(why -> refusals.put(asking, why));
        });
        changes.sightings().forEach((host, seen) -> {
            Map<ReplicaId, Sighting> byId = new HashMap<>();
            seen.forEach(sighting -> byId.put(sighting.replicaId(), sighting));
            sightings.put(host, byId);
        });
        if (changes.registry() != null) {
            apply(changes.registry());
        }
        activity.addAll(changes.activity());
        plans.apply(changes.plans());
    }

    /** What was found of an epoch that is over meanwhile is forgotten, and what was drawn meanwhile stays drawn. */
    private void apply(Registry changed) {
        long highest = Math.max(registry.highestGeneration(), changed.highestGeneration());
        if (changed.epoch() > registry.epoch()) {
            hosts.replaceAll((key, host) -> host.asking(null));
            registry = new Registry(changed.id(), changed.epoch(), highest, changed.restoredAt(), changed.behind());
        } else if (changed.epoch() == registry.epoch() && changed.behind() != null) {
            Behind known = registry.behind() == null ? changed.behind() : registry.behind();
            registry = new Registry(registry.id(), registry.epoch(), registry.highestGeneration(), registry.restoredAt(),
                    new Behind(Math.max(known.generation(), changed.behind().generation()),
                            Math.max(known.epoch(), changed.behind().epoch())));
        }
    }

    private void unlink(@Nullable EntryRow row) {
        if (row != null) {
            stored(uses, row.name().namespace()).remove(row.lastUse());
        }
    }

    static Holding holding(ReplicaRow row) {
        return new Holding(row.name(), row.generation());
    }

    /** Those of the rows that there are. */
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
