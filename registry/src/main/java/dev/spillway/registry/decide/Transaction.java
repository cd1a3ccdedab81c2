package dev.spillway.registry.decide;

import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.registry.model.Actor;
import dev.spillway.registry.model.ClosedReplica;
import dev.spillway.registry.model.EntryGroup;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Eviction;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.InUse;
import dev.spillway.registry.model.JoinRefusal;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.OpenOrder;
import dev.spillway.registry.model.RebuildCost;
import dev.spillway.registry.model.RegistryRow;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.model.Sighting;
import dev.spillway.registry.plan.PlanRow;
import dev.spillway.registry.plan.PlanVictim;
import dev.spillway.registry.store.Changes;
import dev.spillway.registry.store.PlanChanges;
import dev.spillway.registry.store.Rows;
import dev.spillway.registry.store.Rows.EntryLock;
import dev.spillway.registry.store.Rows.HostLock;
import dev.spillway.registry.trail.Access;
import dev.spillway.registry.trail.Activity;
import dev.spillway.registry.trail.AuditRecord;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One transaction's view: the stored rows with its own changes laid over them. So several decisions in one transaction see each other as if they had
 * run one after the other. Not thread-safe, used once.
 */
public final class Transaction {
    private final Rows rows;
    private final Instant now;

    private final Map<HostId, @Nullable HostRow> hosts = new HashMap<>();
    private final Map<NamespaceName, @Nullable NamespaceRow> namespaces = new HashMap<>();
    private final Map<EntryName, @Nullable EntryRow> entries = new HashMap<>();
    private final TransactionReplicas replicas;
    private final TransactionGroups groups;
    private final Map<NamespaceName, VictimCursor> victims = new HashMap<>();
    private final Map<NamespaceName, Integer> putsToCome = new HashMap<>();

    private final Changes.HostChanges changedHosts = Changes.HostChanges.none();
    private final Changes.NamespaceChanges changedNamespaces = Changes.NamespaceChanges.none();
    private final Changes.EntryChanges changedEntries = Changes.EntryChanges.none();
    private final Changes.EvictionChanges evictions = Changes.EvictionChanges.none();
    private final Changes.Log log = Changes.Log.none();
    private final Deque<Long> generations = new ArrayDeque<>();
    private final PlanChanges plans = new PlanChanges(new TreeMap<>(), new TreeMap<>(), new TreeMap<>());
    private Actor actor = Actor.SWEEP;
    private boolean policiesChanged;
    private @Nullable PolicySet policies;
    private @Nullable RegistryRow changedRegistry;

    public Transaction(Rows rows) {
        this.rows = rows;
        this.now = rows.now();
        this.replicas = new TransactionReplicas(rows, now);
        this.groups = new TransactionGroups(rows, entries);
    }

    /** Returns the stored rows, for what this transaction cannot have changed. */
    Rows stored() {
        return rows;
    }

    public Instant now() {
        return now;
    }

    /** Returns the number of evictions decided so far, which are the first ones of {@link Changes.EvictionChanges#added}. */
    public int evictions() {
        return evictions.added().size();
    }

    /** Returns the changes to write. */
    public Changes changes() {
        return new Changes(
                new Changes.RegistryChanges(changedRegistry, policiesChanged),
                changedHosts,
                changedNamespaces,
                changedEntries,
                replicas.changes(),
                evictions,
                plans,
                log);
    }

    /** Sets the party that asks for the next decisions. */
    void actFor(Actor asking) {
        actor = asking;
    }

    Actor actor() {
        return actor;
    }

    TransactionReplicas replicas() {
        return replicas;
    }

    TransactionGroups groups() {
        return groups;
    }

    /** Returns an entry with the rest of its group, in the order of use. The caller holds their namespace. */
    List<EntryRow> withGroup(EntryRow row) {
        EntryGroup group = row.group();
        return group == null ? List.of(row) : groups.of(group);
    }

    /** Returns the policies of all namespaces, which this transaction has not changed. */
    PolicySet policies() {
        PolicySet known = policies;
        if (known == null) {
            known = rows.namespaces().policies();
            policies = known;
        }
        return known;
    }

    /** Announces puts to a namespace, so that what they need is read in few statements. */
    void expectPuts(NamespaceName namespace, int count) {
        putsToCome.merge(namespace, count, Integer::sum);
    }

    /** Locks what is not held yet, before any of it is asked for; the hosts that it concerns are held. */
    void lock(Rows.LockRequest ahead) {
        SortedSet<EntryName> changing = unheld(ahead.changing(), entries);
        SortedSet<EntryName> staying = unheld(ahead.staying(), entries);
        // Whoever changes an entry holds it exclusively.
        staying.removeAll(changing);
        Rows.LockRequest missing =
                new Rows.LockRequest(
                        replicas.unrecorded(ahead.ids()),
                        unheld(ahead.namespaces(), namespaces),
                        changing,
                        staying,
                        replicas.unlocked(ahead.replicas()),
                        ahead.puts(),
                        ahead.holdersEach());
        if (missing.isEmpty()) {
            return;
        }
        Rows.LockedRows held = rows.lock(missing);
        missing.namespaces().forEach(name -> namespaces.put(name, held.namespaces().get(name)));
        missing.changing().forEach(name -> entries.put(name, held.entries().get(name)));
        missing.staying().forEach(name -> entries.put(name, held.entries().get(name)));
        replicas.recorded(missing.ids().keySet(), held.unrecorded());
        replicas.locked(missing.replicas(), held.replicas());
        generations.clear();
        generations.addAll(held.generations());
    }

    /** Locks the hosts, in order, before any of them is asked for; a host is locked once, so in the strongest mode that it will be asked for in. */
    void lockHosts(Collection<HostId> ids, HostLock lock) {
        lock(ids, hosts, missing -> rows.hosts().lockHosts(missing, lock));
    }

    /** Locks the rows that are not held, in order, and adds them to those that are. */
    private static <K extends Comparable<K>, R> void lock(
            Collection<K> keys,
            Map<K, @Nullable R> held,
            Function<SortedSet<K>, Map<K, R>> locking) {
        SortedSet<K> missing = unheld(keys, held);
        if (!missing.isEmpty()) {
            Map<K, R> found = locking.apply(missing);
            missing.forEach(key -> held.put(key, found.get(key)));
        }
    }

    private static <K extends Comparable<K>> SortedSet<K> unheld(Collection<K> keys, Map<K, ?> held) {
        SortedSet<K> missing = new TreeSet<>(keys);
        missing.removeAll(held.keySet());
        return missing;
    }

    @Nullable
    HostRow host(HostId id, HostLock lock) {
        lockHosts(List.of(id), lock);
        return hosts.get(id);
    }

    public void save(HostRow row) {
        hosts.put(row.id(), row);
        changedHosts.rows().put(row.id(), row);
    }

    /** Locks the namespaces, in order, before any of them is asked for. */
    void lockNamespaces(Collection<NamespaceName> names) {
        lock(names, namespaces, missing -> {
            // A generation must be drawn while its namespace is held. Those drawn earlier are not for these namespaces.
            generations.clear();
            return rows.namespaces().lockNamespaces(missing);
        });
    }

    @Nullable
    NamespaceRow namespace(NamespaceName name) {
        lockNamespaces(List.of(name));
        return namespaces.get(name);
    }

    public void save(NamespaceRow row) {
        namespaces.put(row.name(), row);
        changedNamespaces.rows().put(row.name(), row);
    }

    /** Draws a generation for an entry of a namespace that is held. */
    long nextGeneration() {
        if (generations.isEmpty()) {
            generations
                    .addAll(rows.namespaces().nextGenerations(Math.max(1, putsToCome.values().stream().mapToInt(Integer::intValue).sum())));
        }
        return generations.remove();
    }

    void policiesChanged() {
        policiesChanged = true;
    }

    /** Locks the entries, in order, before any of them is asked for. */
    void lockEntries(Collection<EntryName> names, EntryLock lock) {
        lock(names, entries, missing -> rows.entries().lockEntries(missing, lock));
    }

    @Nullable
    EntryRow entry(EntryName name, EntryLock lock) {
        lockEntries(List.of(name), lock);
        return entries.get(name);
    }

    /**
     * Saves a new entry, or one that was asked for before. In each group the entry that was used last leads, and all others follow. The namespace must
     * be saved before.
     */
    public void save(EntryRow row) {
        EntryRow before = entries.get(row.name());
        EntryGroup left = before == null ? null : before.group();
        EntryGroup in = row.group();
        if (before != null && left != null && !left.equals(in)) {
            groups.left(before);
        }
        replace(row);
        if (in != null) {
            groups.joined(row);
            boolean ledIt = before != null && !before.follows() && in.equals(left);
            if (!row.follows() && !ledIt) {
                groups.of(in)
                        .stream()
                        .filter(other -> !other.equals(row) && !other.follows())
                        .forEach(other -> replace(other.following(true)));
            }
        }
        if (before != null && left != null && !left.equals(in) && !before.follows()) {
            lead(left);
        }
    }

    private void replace(EntryRow row) {
        entries.put(row.name(), row);
        changedEntries.rows().put(row.name(), row);
        changedEntries.gone().remove(row.name());
        victimsOf(row.name().namespace()).used(row);
    }

    /** Removes an entry that was asked for before. */
    void remove(EntryName name) {
        EntryRow row = entries.put(name, null);
        changedEntries.rows().remove(name);
        changedEntries.gone().add(name);
        EntryGroup left = row == null ? null : row.group();
        if (row != null && left != null) {
            groups.left(row);
            if (!row.follows()) {
                lead(left);
            }
        }
    }

    /** Lets the entry that was used last lead a group that lost the one that led it. */
    private void lead(EntryGroup group) {
        List<EntryRow> members = groups.of(group);
        NamespaceRow namespace = namespace(group.namespace());
        if (!members.isEmpty() && namespace != null) {
            save(namespace.entryReturned());
            replace(members.getLast().following(false));
        }
    }

    /** Walks over the entries of a namespace in the order of eviction. */
    @FunctionalInterface
    interface Victims {
        /**
         * Locks and returns the next one; null if there is none. If several are wanted, an {@code expected} number of them and their holders are
         * read ahead.
         */
        @Nullable
        EntryRow next(int expected);
    }

    /**
     * Returns the victims of a namespace that are not {@code exempt}, until this transaction puts, uses or evicts an entry of it. Each goes together
     * with the rest of its group.
     */
    Victims victims(NamespaceName namespace, Predicate<EntryRow> exempt, int holdersEach) {
        VictimCursor.Walk walk = victimsOf(namespace).walk(entries, exempt, page -> {
            List<EntryRow> unread = new ArrayList<>();
            for (EntryRow row : page) {
                if (!entries.containsKey(row.name())) {
                    entries.put(row.name(), row);
                    unread.add(row);
                }
            }
            groups.lock(unread.stream().map(EntryRow::group).filter(Objects::nonNull).toList());
            replicas.readHolders(unread.stream().flatMap(row -> withGroup(row).stream()).toList(), holdersEach);
        });
        return expected -> walk.next(Math.max(expected, putsToCome.getOrDefault(namespace, 0)));
    }

    /** Replaces the registry's row. */
    public void save(RegistryRow registry) {
        changedRegistry = registry;
    }

    /** Takes an entry that storage locked for another reason; the entry as this transaction sees it, or null if it is gone. */
    @Nullable
    EntryRow adopt(EntryRow locked) {
        if (!entries.containsKey(locked.name())) {
            entries.put(locked.name(), locked);
        }
        return entries.get(locked.name());
    }

    private VictimCursor victimsOf(NamespaceName namespace) {
        return victims.computeIfAbsent(namespace, name -> new VictimCursor(rows, name));
    }

    /** Closes an open row that was locked before. */
    void close(ReplicaRow row, ClosedReplica.Result result) {
        replicas.close(row, result);
        OpenOrder doom = row.doom();
        log.activity()
                .add(
                        new Activity.Confirmed(
                                now,
                                doom == null ? null : doom.evictionId(),
                                row.hostId(),
                                row.name().namespace(),
                                row.name().key(),
                                row.generation(),
                                row.id(),
                                result));
    }

    void add(Eviction eviction, boolean holdersLeft) {
        EvictionFact fact = eviction.fact();
        evictions.added().add(eviction);
        changedNamespaces.evictionCounts().merge(new Changes.CauseOfNamespace(fact.namespace(), fact.cause()), 1L, Long::sum);
        NamespaceRow namespace = namespaces.get(fact.namespace());
        if (namespace != null && fact.cause() != EvictionCause.CAPACITY && fact.cause() != EvictionCause.REPLACED) {
            log.accesses().add(new Access.Removed(fact.namespace(), fact.key(), namespace.useCounter()));
        }
        if (holdersLeft) {
            evictions.unfinished().add(fact.id());
        }
        log.activity()
                .add(
                        new Activity.Evicted(
                                now,
                                fact.id(),
                                fact.namespace(),
                                fact.key(),
                                fact.snapshotId(),
                                fact.generation(),
                                fact.cause(),
                                fact.replicas()));
    }

    void finish(EvictionId eviction) {
        evictions.finished().add(eviction);
    }

    void handOut(EvictionFact fact, Instant dueAgainAt) {
        evictions.factsHandedOut().put(fact.id(), dueAgainAt);
    }

    void published(Collection<EvictionId> facts) {
        evictions.factsPublished().addAll(facts);
    }

    void makeOrdersDue(HostId host) {
        changedHosts.ordersDue().add(host);
    }

    void remember(HostId host, List<Sighting> seen) {
        changedHosts.sightings().put(host, seen);
    }

    /** Replaces what is known of the replicas in use on a host. */
    void inUse(HostId host, List<InUse> replicas) {
        changedHosts.inUse().put(host, replicas);
    }

    /** Records that a worker asked to join and was refused. */
    void refuse(JoinRefusal refusal) {
        changedHosts.joins().put(new JoinRefusal.Asking(refusal.hostId(), refusal.storeId()), Optional.of(refusal));
    }

    /** Removes the record of a refusal, because the worker may join. */
    void take(JoinRefusal.Asking asking) {
        changedHosts.joins().put(asking, Optional.empty());
    }

    void note(Activity happened) {
        log.activity().add(happened);
    }

    /** Records what the party that asks has changed. */
    void audit(AuditRecord.Action action, AuditRecord.Subject subject, String detail) {
        log.audit().add(new AuditRecord(now, actor, action, subject, detail));
    }

    /** Tells of an entry that was saved with a new use. */
    void used(EntryRow entry, long hits, boolean isNew) {
        log.accesses()
                .add(
                        new Access.Used(
                                entry.name().namespace(),
                                entry.name().key(),
                                entry.lastUse(),
                                entry.sizeBytes(),
                                RebuildCost.of(entry.description()),
                                hits,
                                isNew));
    }

    /** Tells of reads that say nothing of an entry. */
    void counted(NamespaceName namespace, long hits, long misses) {
        if (hits > 0 || misses > 0) {
            log.accesses().add(new Access.Counted(namespace, hits, misses));
        }
    }

    /** Saves a plan with newly chosen victims. */
    void choose(PlanRow plan, List<PlanVictim> victims) {
        plans.plans().put(plan.id(), plan);
        plans.chosen().put(plan.id(), victims);
    }

    /** Saves a plan with the outcomes of victims. */
    void settle(PlanRow plan, List<PlanVictim> victims) {
        plans.plans().put(plan.id(), plan);
        plans.settled().put(plan.id(), victims);
    }
}
