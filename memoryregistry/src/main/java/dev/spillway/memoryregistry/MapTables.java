package dev.spillway.memoryregistry;

import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.RegistryId;
import dev.spillway.events.ReplicaId;
import dev.spillway.registry.model.ClosedReplica;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Eviction;
import dev.spillway.registry.model.Holding;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.InUse;
import dev.spillway.registry.model.JoinRefusal;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.Place;
import dev.spillway.registry.model.RegistryRow;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.model.Sighting;
import dev.spillway.registry.store.Changes;
import dev.spillway.registry.trail.Activity;
import dev.spillway.registry.trail.AuditRecord;
import java.time.Instant;
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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The tables of {@link MapRows} with their indexes, and how changes go into them. Not thread-safe. */
final class MapTables {
    /** An eviction as stored, and what is known of publishing its fact. */
    record StoredEviction(Eviction eviction, long number, boolean published, Instant dueAt, int attempts) {
        EvictionFact fact() {
            return eviction.fact();
        }
    }

    final SortedMap<HostId, HostRow> hosts = new TreeMap<>();
    final SortedMap<NamespaceName, NamespaceRow> namespaces = new TreeMap<>();
    final NavigableMap<EntryName, EntryRow> entries = new TreeMap<>();
    final Map<NamespaceName, NavigableMap<Place, EntryName>> places = new HashMap<>();
    final NavigableMap<ReplicaId, ReplicaRow> replicas = new TreeMap<>();
    final Map<Holding, SortedSet<ReplicaId>> holders = new HashMap<>();
    final List<ClosedReplica> history = new ArrayList<>();
    final Map<EvictionId, StoredEviction> evictions = new LinkedHashMap<>();
    final SortedSet<EvictionId> unfinished = new TreeSet<>();
    final Map<Changes.CauseOfNamespace, Long> evictionCounts = new HashMap<>();
    final List<Activity> activity = new ArrayList<>();
    final List<AuditRecord> audit = new ArrayList<>();
    /** Number of events from earlier epochs. */
    int activityTrimmed;
    final MapPlans plans = new MapPlans();
    final Set<ReplicaId> recorded = new HashSet<>();
    final Map<HostId, Map<ReplicaId, Sighting>> sightings = new HashMap<>();
    final Map<HostId, Map<ReplicaId, InUse>> inUse = new HashMap<>();
    final NavigableMap<JoinRefusal.Asking, JoinRefusal> refusals = new TreeMap<>();
    final Set<EvictionId> afterRestore = new HashSet<>();
    RegistryRow registry;
    long policyVersion = 1;

    MapTables(RegistryId id) {
        registry = new RegistryRow(id, 1, 0, null, null);
    }

    /** Becomes what {@code copy} is, which stays as it is. */
    void goBackTo(MapTables copy) {
        replace(hosts, copy.hosts);
        replace(namespaces, copy.namespaces);
        replace(entries, copy.entries);
        places.clear();
        copy.places.forEach((namespace, inOrder) -> places.put(namespace, new TreeMap<>(inOrder)));
        replace(replicas, copy.replicas);
        holders.clear();
        copy.holders.forEach((holding, ids) -> holders.put(holding, new TreeSet<>(ids)));
        replace(history, copy.history);
        replace(audit, copy.audit);
        replace(evictions, copy.evictions);
        replace(unfinished, copy.unfinished);
        replace(evictionCounts, copy.evictionCounts);
        replace(activity, copy.activity);
        activityTrimmed = copy.activityTrimmed;
        plans.goBackTo(copy.plans);
        replace(recorded, copy.recorded);
        sightings.clear();
        copy.sightings.forEach((host, seen) -> sightings.put(host, new HashMap<>(seen)));
        replace(inUse, copy.inUse);
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

    long drawGeneration() {
        registry =
                new RegistryRow(
                        registry.id(),
                        registry.epoch(),
                        registry.highestGeneration() + 1,
                        registry.restoredAt(),
                        registry.behind());
        return registry.highestGeneration();
    }

    /** Returns the entries of a namespace behind a place, the one first that goes first. */
    Stream<EntryRow> inOrder(NamespaceName namespace, Place after) {
        NavigableMap<Place, EntryName> inOrder = places.get(namespace);
        return inOrder == null ? Stream.empty()
                : inOrder.tailMap(after, false).values().stream().map(name -> MapRows.stored(entries, name));
    }

    Stream<ReplicaRow> holders(Holding holding) {
        SortedSet<ReplicaId> ids = holders.get(holding);
        return ids == null ? Stream.empty() : ids.stream().map(one -> MapRows.stored(replicas, one));
    }

    /** Applies all changes at once, as they were decided at {@code now}. */
    void apply(Changes changes, Instant now) {
        hosts.putAll(changes.hosts().rows());
        namespaces.putAll(changes.namespaces().rows());
        policyVersion += changes.registry().policiesChanged() ? 1 : 0;
        changes.entries().gone().forEach(name -> unlink(entries.remove(name)));
        for (EntryRow row : changes.entries().rows().values()) {
            unlink(entries.put(row.name(), row));
            places.computeIfAbsent(row.name().namespace(), ignored -> new TreeMap<>()).put(row.place(), row.name());
        }
        for (ReplicaRow row : changes.replicas().rows().values()) {
            replicas.put(row.id(), row);
            holders.computeIfAbsent(row.holding(), ignored -> new TreeSet<>()).add(row.id());
        }
        for (ClosedReplica row : changes.replicas().closed().values()) {
            if (replicas.remove(row.row().id()) != null) {
                SortedSet<ReplicaId> left = MapRows.stored(holders, row.row().holding());
                left.remove(row.row().id());
                if (left.isEmpty()) {
                    holders.remove(row.row().holding());
                }
            }
            history.add(row);
        }
        for (Eviction eviction : changes.evictions().added()) {
            evictions.put(eviction.fact().id(), new StoredEviction(eviction, evictions.size(), false, eviction.fact().evictedAt(), 0));
            if (registry.restoredAt() != null && eviction.isDecided()) {
                afterRestore.add(eviction.fact().id());
            }
        }
        unfinished.addAll(changes.evictions().unfinished());
        unfinished.removeAll(changes.evictions().finished());
        changes.namespaces().evictionCounts().forEach((figure, more) -> evictionCounts.merge(figure, more, Long::sum));
        changes.evictions()
                .factsHandedOut()
                .forEach(
                        (one, due) -> evictions.computeIfPresent(
                                one,
                                (key, was) -> new StoredEviction(was.eviction(), was.number(), was.published(), due, was.attempts() + 1)));
        changes.evictions()
                .factsPublished()
                .forEach(
                        one -> evictions.computeIfPresent(
                                one,
                                (key, was) -> new StoredEviction(was.eviction(), was.number(), true, was.dueAt(), was.attempts())));
        if (!changes.hosts().ordersDue().isEmpty()) {
            replicas.replaceAll(
                    (key, row) -> row.doom() != null && changes.hosts().ordersDue().contains(row.hostId())
                            && row.doom().nextAttemptAt().isAfter(now) && !row.doom().isWaiting() ? row.doomed(row.doom().dueAt(now))
                                    : row);
        }
        changes.hosts().joins().forEach((asking, refusal) -> {
            if (refusal.isEmpty()) {
                refusals.keySet().removeIf(other -> other.storeId().equals(asking.storeId()));
            }
        });
        changes.hosts().joins().values().stream().flatMap(Optional::stream).forEach(why -> refusals.put(why.asking(), why));
        while (refusals.size() > JoinRefusal.KEPT_MAX) {
            refusals.remove(Collections.min(refusals.values(), Comparator.comparing(JoinRefusal::at)).asking());
        }
        changes.hosts().sightings().forEach((host, seen) -> {
            Map<ReplicaId, Sighting> byId = new HashMap<>();
            seen.forEach(sighting -> byId.put(sighting.replicaId(), sighting));
            sightings.put(host, byId);
        });
        changes.hosts().inUse().forEach((host, replicas) -> {
            Map<ReplicaId, InUse> byId = new HashMap<>();
            replicas.forEach(replica -> byId.put(replica.replicaId(), replica));
            inUse.put(host, Map.copyOf(byId));
        });
        if (changes.registry().row() != null) {
            apply(changes.registry().row());
        }
        activity.addAll(changes.log().activity());
        audit.addAll(changes.log().audit());
        plans.apply(changes.plans());
    }

    /** Applies a change of the registry's row. Findings of an earlier epoch are dropped, and generations drawn meanwhile stay drawn. */
    private void apply(RegistryRow changed) {
        long highest = Math.max(registry.highestGeneration(), changed.highestGeneration());
        if (changed.epoch() > registry.epoch()) {
            hosts.replaceAll((key, host) -> host.asking(null));
            activityTrimmed = activity.size();
            registry = new RegistryRow(changed.id(), changed.epoch(), highest, changed.restoredAt(), changed.behind());
        } else if (changed.epoch() == registry.epoch() && changed.behind() != null) {
            RegistryRow.Behind known = registry.behind() == null ? changed.behind() : registry.behind();
            registry = new RegistryRow(
                    registry.id(),
                    registry.epoch(),
                    registry.highestGeneration(),
                    registry.restoredAt(),
                    new RegistryRow.Behind(
                            Math.max(known.generation(), changed.behind().generation()),
                            Math.max(known.epoch(), changed.behind().epoch())));
        }
    }

    private void unlink(@Nullable EntryRow row) {
        if (row != null) {
            MapRows.stored(places, row.name().namespace()).remove(row.place());
        }
    }
}
