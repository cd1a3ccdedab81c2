package dev.spillway.registry.decide;

import dev.spillway.events.HostId;
import dev.spillway.events.ReplicaId;
import dev.spillway.registry.model.ClosedReplica;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Holding;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.OpenOrder;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.store.Changes;
import dev.spillway.registry.store.Rows;
import dev.spillway.registry.store.Rows.Recording;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The replica rows of a {@link Transaction}: the stored ones with this transaction's own changes laid over them. Not thread-safe, used once. */
final class TransactionReplicas {
    private static final Comparator<ReplicaRow> OLDEST_DOOM_FIRST =
            Comparator.comparing((ReplicaRow row) -> doomOf(row).at()).thenComparing(ReplicaRow::id);

    /** Holders that one transaction reads and dooms beyond one for each entry: more would take longer than a statement may. */
    private static final int HOLDERS_MAX = 10_000;

    private final Rows rows;
    private final Instant now;

    private final Map<ReplicaId, @Nullable ReplicaRow> replicas = new HashMap<>();
    private final Map<ReplicaId, ReplicaRow> peeked = new HashMap<>();
    private final Set<ReplicaId> recorded = new HashSet<>();
    private final Set<ReplicaId> unclaimed = new HashSet<>();
    private final Map<Holding, Set<ReplicaId>> holders = new HashMap<>();
    private final Map<Holding, Set<ReplicaId>> ownHolders = new HashMap<>();
    /** Generations of which more rows may be stored than were read. */
    private final Set<Holding> readInPart = new HashSet<>();
    private int holdersRead;
    private final Map<HostId, List<ReplicaId>> storedOrders = new HashMap<>();
    private final Map<HostId, Set<ReplicaId>> ownDoomed = new HashMap<>();
    /** Differences between this transaction's counts and those of the stored rows. */
    private final Map<HostId, Long> openMore = new HashMap<>();
    private final Map<Holding, Long> liveMore = new HashMap<>();

    private final Changes.ReplicaChanges changes = Changes.ReplicaChanges.none();

    TransactionReplicas(Rows rows, Instant now) {
        this.rows = rows;
        this.now = now;
    }

    Changes.ReplicaChanges changes() {
        return changes;
    }

    /** Records ids that {@link #record} will be asked about. */
    void recordAhead(SortedMap<ReplicaId, Recording> ids) {
        SortedMap<ReplicaId, Recording> missing = unrecorded(ids);
        if (!missing.isEmpty()) {
            recorded(missing.keySet(), rows.replicas().record(missing));
        }
    }

    /** Returns the ids that this transaction has not recorded. */
    SortedMap<ReplicaId, Recording> unrecorded(SortedMap<ReplicaId, Recording> ids) {
        SortedMap<ReplicaId, Recording> missing = new TreeMap<>(ids);
        missing.keySet().removeAll(recorded);
        return missing;
    }

    /** Takes note that storage recorded these ids for this transaction, some of them for the first time ever. */
    void recorded(Collection<ReplicaId> ids, Collection<ReplicaId> first) {
        recorded.addAll(ids);
        for (ReplicaId id : first) {
            unclaimed.add(id);
            // An id that was never recorded has no row.
            replicas.putIfAbsent(id, null);
        }
    }

    /** Records these ids, and returns those that nobody recorded before. */
    SortedSet<ReplicaId> record(HostRow host, Collection<ReplicaId> ids) {
        SortedMap<ReplicaId, Recording> recordings = new TreeMap<>();
        ids.forEach(id -> recordings.put(id, new Recording(host.id(), host.incarnation())));
        recordAhead(recordings);
        SortedSet<ReplicaId> unrecorded = new TreeSet<>();
        for (ReplicaId id : recordings.keySet()) {
            if (unclaimed.remove(id)) {
                unrecorded.add(id);
            }
        }
        return unrecorded;
    }

    /** Returns the open rows among {@code ids}. Unless they were locked before, only what never changes of them may be used. */
    Map<ReplicaId, ReplicaRow> peek(Collection<ReplicaId> ids) {
        Set<ReplicaId> missing = new HashSet<>(ids);
        missing.removeIf(id -> replicas.containsKey(id) || peeked.containsKey(id));
        if (!missing.isEmpty()) {
            peeked.putAll(rows.replicas().peekReplicas(missing));
        }
        Map<ReplicaId, ReplicaRow> found = new HashMap<>();
        for (ReplicaId id : ids) {
            ReplicaRow row = replicas.containsKey(id) ? replicas.get(id) : peeked.get(id);
            if (row != null) {
                found.put(id, row);
            }
        }
        return found;
    }

    /** Locks open rows, in order, before any of them is asked for by {@link #get}. */
    void lock(Collection<ReplicaId> ids) {
        SortedSet<ReplicaId> missing = unlocked(ids);
        if (!missing.isEmpty()) {
            locked(missing, rows.replicas().lockReplicas(missing));
        }
    }

    /** Returns the ids that this transaction has not locked. */
    SortedSet<ReplicaId> unlocked(Collection<ReplicaId> ids) {
        SortedSet<ReplicaId> missing = new TreeSet<>(ids);
        missing.removeAll(replicas.keySet());
        return missing;
    }

    /** Takes note that storage locked these ids for this transaction, and found those rows. */
    void locked(Collection<ReplicaId> ids, Map<ReplicaId, ReplicaRow> found) {
        ids.forEach(id -> replicas.put(id, found.get(id)));
    }

    /** Takes a row that storage locked for another reason; the row as this transaction sees it, or null if it closed it. */
    @Nullable
    ReplicaRow adopt(ReplicaRow locked) {
        if (!replicas.containsKey(locked.id())) {
            replicas.put(locked.id(), locked);
        }
        return replicas.get(locked.id());
    }

    /** Returns the open row of an id that was locked or saved before. */
    @Nullable
    ReplicaRow get(ReplicaId id) {
        return replicas.get(id);
    }

    /**
     * Returns the number of holders read and doomed per entry in a transaction with many entries. The sweep dooms the rest. A single entry gets
     * {@code limitEach}.
     */
    static int holdersOfEach(int limitEach, int entries, int readBefore) {
        return Math.clamp((HOLDERS_MAX - (long) readBefore) / Math.max(1, entries), 1, limitEach);
    }

    /** Reads the LIVE rows of these generations ahead, at most {@code limitEach} of each; their entries are held exclusively. */
    void readHolders(Collection<EntryRow> of, int limitEach) {
        List<Holding> wanted = new ArrayList<>();
        for (EntryRow row : of) {
            Holding holding = row.holding();
            if (!holders.containsKey(holding)) {
                wanted.add(holding);
            }
        }
        if (wanted.isEmpty()) {
            return;
        }
        Map<Holding, Rows.Holders> found = rows.replicas().lockLiveReplicas(wanted, holdersOfEach(limitEach, wanted.size(), holdersRead));
        for (Holding holding : wanted) {
            Set<ReplicaId> ids = holders.computeIfAbsent(holding, ignored -> new LinkedHashSet<>());
            Rows.Holders stored = found.getOrDefault(holding, Rows.Holders.NONE);
            if (!stored.all()) {
                readInPart.add(holding);
            }
            holdersRead += stored.first().size();
            for (ReplicaRow row : stored.first()) {
                adopt(row);
                ids.add(row.id());
            }
            // Rows that this transaction itself registered are not stored yet.
            ids.addAll(ownHolders.getOrDefault(holding, Set.of()));
        }
    }

    /** Returns the first {@code limit} LIVE rows of an entry's generation. The entry is held exclusively. */
    List<ReplicaRow> live(EntryRow entry, int limit) {
        return known(entry, limit).stream().sorted(Comparator.comparing(ReplicaRow::id)).limit(limit).toList();
    }

    /** Returns LIVE rows of an entry's generation: the first {@code limit} stored ones, and all that this transaction registered. */
    private List<ReplicaRow> known(EntryRow entry, int limit) {
        readHolders(List.of(entry), limit);
        List<ReplicaRow> live = new ArrayList<>();
        for (ReplicaId id : holders.getOrDefault(entry.holding(), Set.of())) {
            ReplicaRow row = replicas.get(id);
            if (row != null && row.isLive()) {
                live.add(row);
            }
        }
        return live;
    }

    /** Counts the LIVE rows of an entry's generation; {@code limit} as for {@link #live}. */
    long countLive(EntryRow entry, int limit) {
        List<ReplicaRow> known = known(entry, limit);
        return readInPart.contains(entry.holding())
                ? rows.replicas().countLiveReplicas(entry.holding()) + liveMore.getOrDefault(entry.holding(), 0L)
                : known.size();
    }

    /** Counts the open rows of a host. */
    long count(HostId host) {
        return rows.replicas().countReplicas(host) + openMore.getOrDefault(host, 0L);
    }

    /** Reads orders for heartbeats ahead, as many of each host as it will be asked for and as many more as this transaction may close before. */
    void readOrders(SortedMap<HostId, Integer> limits, Instant soon) {
        rows.orders().lockOrdersForHeartbeats(limits, soon).forEach((host, orders) -> {
            orders.forEach(this::adopt);
            storedOrders.put(host, orders.stream().map(ReplicaRow::id).toList());
        });
    }

    /** Returns the doomed rows of a host that its heartbeat carries, oldest doom first. */
    List<ReplicaRow> orders(HostId host, int limit, Instant soon) {
        if (!storedOrders.containsKey(host)) {
            readOrders(new TreeMap<>(Map.of(host, limit + replicas.size())), soon);
        }
        Set<ReplicaId> candidates = new LinkedHashSet<>(storedOrders.getOrDefault(host, List.of()));
        candidates.addAll(ownDoomed.getOrDefault(host, Set.of()));
        List<ReplicaRow> orders = new ArrayList<>();
        for (ReplicaId id : candidates) {
            ReplicaRow row = replicas.get(id);
            if (row != null && row.doom() != null && row.doom().isForHeartbeat(now, soon)) {
                orders.add(row);
            }
        }
        orders.sort(OLDEST_DOOM_FIRST);
        return orders.size() > limit ? orders.subList(0, limit) : orders;
    }

    private static OpenOrder doomOf(ReplicaRow row) {
        OpenOrder doom = row.doom();
        if (doom == null) {
            throw new IllegalStateException("replica " + row.id() + " is not doomed");
        }
        return doom;
    }

    /** Saves a new row, or a stored one that was locked before. */
    void save(ReplicaRow row) {
        ReplicaRow before = replicas.put(row.id(), row);
        changes.rows().put(row.id(), row);
        Holding holding = row.holding();
        if (before == null) {
            openMore.merge(row.hostId(), 1L, Long::sum);
        }
        liveMore.merge(holding, (row.isLive() ? 1L : 0L) - (before != null && before.isLive() ? 1L : 0L), Long::sum);
        if (row.isLive()) {
            ownHolders.computeIfAbsent(holding, ignored -> new LinkedHashSet<>()).add(row.id());
            holders.computeIfPresent(holding, (same, known) -> {
                known.add(row.id());
                return known;
            });
        } else {
            ownDoomed.computeIfAbsent(row.hostId(), ignored -> new LinkedHashSet<>()).add(row.id());
        }
    }

    /** Closes an open row that was locked before. */
    void close(ReplicaRow row, ClosedReplica.Result result) {
        replicas.put(row.id(), null);
        changes.rows().remove(row.id());
        changes.closed().put(row.id(), new ClosedReplica(row, result, now));
        openMore.merge(row.hostId(), -1L, Long::sum);
        if (row.isLive()) {
            liveMore.merge(row.holding(), -1L, Long::sum);
        }
    }
}
