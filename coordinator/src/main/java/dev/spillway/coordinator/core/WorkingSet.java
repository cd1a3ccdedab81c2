package dev.spillway.coordinator.core;

import dev.spillway.coordinator.core.Rows.EntryLock;
import dev.spillway.coordinator.core.Rows.Holding;
import dev.spillway.coordinator.core.Rows.HostLock;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One transaction's view: the stored rows with this transaction's own changes laid over them, so that several decisions in one transaction see
 * each other as if they had run one after the other. Not thread-safe, used once.
 */
public final class WorkingSet {
    private final Rows rows;
    private final Instant now;

    private final Map<HostId, @Nullable HostRow> hosts = new HashMap<>();
    private final Map<NamespaceName, @Nullable NamespaceRow> namespaces = new HashMap<>();
    private final Map<EntryName, @Nullable EntryRow> entries = new HashMap<>();
    private final Map<ReplicaId, @Nullable ReplicaRow> replicas = new HashMap<>();
    private final Map<Holding, Set<ReplicaId>> holders = new HashMap<>();
    private final Map<Holding, Set<ReplicaId>> ownHolders = new HashMap<>();
    private final Map<NamespaceName, VictimCursor> victims = new HashMap<>();

    private final SortedMap<HostId, HostRow> changedHosts = new TreeMap<>();
    private final SortedMap<NamespaceName, NamespaceRow> changedNamespaces = new TreeMap<>();
    private final SortedMap<EntryName, EntryRow> changedEntries = new TreeMap<>();
    private final SortedSet<EntryName> goneEntries = new TreeSet<>();
    private final SortedMap<ReplicaId, ReplicaRow> changedReplicas = new TreeMap<>();
    private final SortedMap<ReplicaId, ClosedReplica> closed = new TreeMap<>();
    private final List<EvictionFact> evictions = new ArrayList<>();
    private final SortedSet<EvictionId> unfinished = new TreeSet<>();
    private final SortedSet<EvictionId> finished = new TreeSet<>();
    private final Map<Changes.CauseOfNamespace, Long> evictionCounts = new HashMap<>();
    private final SortedMap<EvictionId, Instant> factsHandedOut = new TreeMap<>();
    private final SortedSet<EvictionId> factsPublished = new TreeSet<>();
    private final SortedSet<HostId> ordersDue = new TreeSet<>();
    private final Map<HostId, List<Sighting>> sightings = new HashMap<>();
    private final List<Activity> activity = new ArrayList<>();
    private final Deque<Long> generations = new ArrayDeque<>();
    private boolean policiesChanged;
    private int puts = 1;

    public WorkingSet(Rows rows) {
        this.rows = rows;
        this.now = rows.now();
    }

    /** The stored rows themselves, for what this transaction cannot have changed. */
    Rows stored() {
        return rows;
    }

    Instant now() {
        return now;
    }

    /** What is to be written. */
    public Changes changes() {
        return new Changes(changedHosts, changedNamespaces, policiesChanged, changedEntries, goneEntries, changedReplicas, closed,
                evictions, unfinished,
                finished, evictionCounts, factsHandedOut, factsPublished, ordersDue, sightings, activity);
    }

    /** How many puts are to come, so that what they need is read in as few statements. */
    void expectPuts(int count) {
        puts = count;
    }

    @Nullable
    HostRow host(HostId id, HostLock lock) {
        if (!hosts.containsKey(id)) {
            hosts.put(id, rows.lockHosts(new TreeSet<>(Set.of(id)), lock).get(id));
        }
        return hosts.get(id);
    }

    void save(HostRow row) {
        hosts.put(row.id(), row);
        changedHosts.put(row.id(), row);
    }

    /** Locks the namespaces, in order, before any of them is asked for. */
    void lockNamespaces(Collection<NamespaceName> names) {
        SortedSet<NamespaceName> missing = new TreeSet<>(names);
        missing.removeAll(namespaces.keySet());
        if (!missing.isEmpty()) {
            Map<NamespaceName, NamespaceRow> found = rows.lockNamespaces(missing);
            missing.forEach(name -> namespaces.put(name, found.get(name)));
            // A generation must be drawn while its namespace is held, so those drawn earlier are not for these.
            generations.clear();
        }
    }

    @Nullable
    NamespaceRow namespace(NamespaceName name) {
        lockNamespaces(List.of(name));
        return namespaces.get(name);
    }

    void save(NamespaceRow row) {
        namespaces.put(row.name(), row);
        changedNamespaces.put(row.name(), row);
    }

    /** A generation for an entry of a namespace that is held. */
    long nextGeneration() {
        if (generations.isEmpty()) {
            generations.addAll(rows.nextGenerations(puts));
        }
        return generations.remove();
    }

    void policiesChanged() {
        policiesChanged = true;
    }

    /** Locks the entries, in order, before any of them is asked for. */
    void lockEntries(Collection<EntryName> names, EntryLock lock) {
        SortedSet<EntryName> missing = new TreeSet<>(names);
        missing.removeAll(entries.keySet());
        if (!missing.isEmpty()) {
            Map<EntryName, EntryRow> found = rows.lockEntries(missing, lock);
            missing.forEach(name -> entries.put(name, found.get(name)));
        }
    }

    @Nullable
    EntryRow entry(EntryName name, EntryLock lock) {
        lockEntries(List.of(name), lock);
        return entries.get(name);
    }

    void save(EntryRow row) {
        entries.put(row.name(), row);
        changedEntries.put(row.name(), row);
        goneEntries.remove(row.name());
    }

    void remove(EntryRow row) {
        entries.put(row.name(), null);
        changedEntries.remove(row.name());
        goneEntries.add(row.name());
    }

    /**
     * The least recently used entry of a namespace other than {@code exempt}, locked exclusively; null if there is none. Several may be wanted: an
     * {@code expected} number of them and their holders are read ahead.
     */
    @Nullable
    EntryRow victim(NamespaceName namespace, @Nullable EntryName exempt, int expected, int holdersEach) {
        VictimCursor cursor = victims.computeIfAbsent(namespace, ignored -> new VictimCursor());
        while (true) {
            EntryRow stored = cursor.peek();
            if (stored == null) {
                if (!cursor.exhausted) {
                    readAhead(namespace, cursor, expected, holdersEach);
                    continue;
                }
                return oldestOfOwn(namespace, exempt);
            }
            EntryRow current = entries.get(stored.name());
            if (current == null || current.lastUse() != stored.lastUse() || stored.name().equals(exempt)) {
                cursor.pop();
                continue;
            }
            return current;
        }
    }

    private void readAhead(NamespaceName namespace, VictimCursor cursor, int expected, int holdersEach) {
        int limit = Math.clamp(Math.max(expected, puts), 1, VictimCursor.PAGE_MAX);
        List<EntryRow> page = rows.lockLeastRecentlyUsed(namespace, cursor.lastUse, limit);
        List<EntryRow> unread = new ArrayList<>();
        for (EntryRow row : page) {
            if (!entries.containsKey(row.name())) {
                entries.put(row.name(), row);
                unread.add(row);
            }
        }
        loadHolders(unread, holdersEach);
        cursor.add(page, page.size() < limit);
    }

    /** Among entries that this transaction itself put or used: all of them were used later than any stored one. */
    private @Nullable EntryRow oldestOfOwn(NamespaceName namespace, @Nullable EntryName exempt) {
        EntryRow oldest = null;
        for (EntryRow row : changedEntries.values()) {
            if (row.name().namespace().equals(namespace) && !row.name().equals(exempt)
                    && (oldest == null || row.lastUse() < oldest.lastUse())) {
                oldest = row;
            }
        }
        return oldest;
    }

    private static final class VictimCursor {
        static final int PAGE_MAX = 1_000;

        private List<EntryRow> page = List.of();
        private int next;
        private long lastUse;
        private boolean exhausted;

        @Nullable
        EntryRow peek() {
            return next < page.size() ? page.get(next) : null;
        }

        void pop() {
            next++;
        }

        void add(List<EntryRow> more, boolean wasLast) {
            page = more;
            next = 0;
            exhausted = wasLast;
            if (!more.isEmpty()) {
                lastUse = more.getLast().lastUse();
            }
        }
    }

    private void loadHolders(Collection<EntryRow> of, int limitEach) {
        List<Holding> wanted = new ArrayList<>();
        for (EntryRow row : of) {
            Holding holding = new Holding(row.name(), row.generation());
            if (!holders.containsKey(holding)) {
                wanted.add(holding);
            }
        }
        if (wanted.isEmpty()) {
            return;
        }
        Map<Holding, List<ReplicaRow>> found = rows.lockLiveReplicas(wanted, limitEach);
        for (Holding holding : wanted) {
            Set<ReplicaId> ids = holders.computeIfAbsent(holding, ignored -> new LinkedHashSet<>());
            for (ReplicaRow row : found.getOrDefault(holding, List.of())) {
                if (!replicas.containsKey(row.id())) {
                    replicas.put(row.id(), row);
                }
                ids.add(row.id());
            }
            // Rows that this transaction itself registered are not stored yet.
            ids.addAll(ownHolders.getOrDefault(holding, Set.of()));
        }
    }

    /** LIVE rows of an entry's generation, at most {@code limit} of the stored ones. The entry is held exclusively. */
    List<ReplicaRow> liveReplicas(EntryRow entry, int limit) {
        loadHolders(List.of(entry), limit);
        List<ReplicaRow> live = new ArrayList<>();
        for (ReplicaId id : holders.getOrDefault(new Holding(entry.name(), entry.generation()), Set.of())) {
            ReplicaRow row = replicas.get(id);
            if (row != null && row.isLive()) {
                live.add(row);
            }
        }
        return live;
    }

    /** Which of these ids nobody recorded before; from now on all of them are recorded. */
    SortedSet<ReplicaId> record(HostRow host, Collection<ReplicaId> ids) {
        return rows.record(host.id(), host.incarnation(), new TreeSet<>(ids));
    }

    /** Where the open rows among {@code ids} belong; not locked, so only what never changes of them may be used. */
    Map<ReplicaId, ReplicaRow> peekReplicas(Collection<ReplicaId> ids) {
        return rows.peekReplicas(ids);
    }

    /** Locks open rows, in order, before any of them is asked for by {@link #replica}. */
    void lockReplicas(Collection<ReplicaId> ids) {
        SortedSet<ReplicaId> missing = new TreeSet<>(ids);
        missing.removeAll(replicas.keySet());
        if (!missing.isEmpty()) {
            Map<ReplicaId, ReplicaRow> found = rows.lockReplicas(missing);
            missing.forEach(id -> replicas.put(id, found.get(id)));
        }
    }

    /** Takes a row that storage locked for another reason; the row as this transaction sees it, or null if it closed it. */
    @Nullable
    ReplicaRow adopt(ReplicaRow locked) {
        if (!replicas.containsKey(locked.id())) {
            replicas.put(locked.id(), locked);
        }
        return replicas.get(locked.id());
    }

    /** The open row of an id that was locked or saved before. */
    @Nullable
    ReplicaRow replica(ReplicaId id) {
        return replicas.get(id);
    }

    void save(ReplicaRow row) {
        replicas.put(row.id(), row);
        changedReplicas.put(row.id(), row);
        Holding holding = new Holding(row.name(), row.generation());
        ownHolders.computeIfAbsent(holding, ignored -> new LinkedHashSet<>()).add(row.id());
        holders.computeIfPresent(holding, (same, known) -> {
            known.add(row.id());
            return known;
        });
    }

    void close(ReplicaRow row, ClosedReplica.Result result) {
        replicas.put(row.id(), null);
        changedReplicas.remove(row.id());
        closed.put(row.id(), new ClosedReplica(row, result, now));
        Doom doom = row.doom();
        activity.add(
                new Activity.Confirmed(now, doom == null ? null : doom.evictionId(), row.hostId(), row.name().namespace(), row.name().key(),
                        row.generation(), row.id(), result));
    }

    void add(EvictionFact fact, boolean holdersLeft) {
        evictions.add(fact);
        evictionCounts.merge(new Changes.CauseOfNamespace(fact.namespace(), fact.cause()), 1L, Long::sum);
        if (holdersLeft) {
            unfinished.add(fact.id());
        }
        activity.add(new Activity.Evicted(now, fact.id(), fact.namespace(), fact.key(), fact.snapshotId(), fact.generation(), fact.cause(),
                fact.replicas()));
    }

    void finish(EvictionId eviction) {
        finished.add(eviction);
    }

    void handOut(EvictionFact fact, Instant dueAgainAt) {
        factsHandedOut.put(fact.id(), dueAgainAt);
    }

    void published(Collection<EvictionId> facts) {
        factsPublished.addAll(facts);
    }

    void makeOrdersDue(HostId host) {
        ordersDue.add(host);
    }

    void remember(HostId host, List<Sighting> seen) {
        sightings.put(host, seen);
    }

    void note(Activity happened) {
        activity.add(happened);
    }
}
