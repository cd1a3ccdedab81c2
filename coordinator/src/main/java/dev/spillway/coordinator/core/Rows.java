package dev.spillway.coordinator.core;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.GroupName;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.RegistryId;
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
import org.jspecify.annotations.Nullable;

/**
 * The stored rows as one transaction sees them, before its own changes. Callers lock kinds in the order hosts, replica ids, namespaces, entries,
 * replicas, and each kind sorted. Locks last until the transaction ends. Not thread-safe.
 */
public interface Rows {
    /** Strength of the lock on a host row. */
    enum HostLock {
        /** Its incarnation does not change meanwhile; many may hold it. */
        FENCE,
        /** Its figures change; goes together with {@link #FENCE}. */
        HEARTBEAT,
        /** Its incarnation changes. */
        INCARNATION
    }

    /** Strength of the lock on an entry row. */
    enum EntryLock {
        /** Its generation does not change meanwhile; many may hold it. */
        SHARED,
        /** It changes or goes; the caller holds its namespace. */
        EXCLUSIVE
    }

    /** Names one generation of one entry. */
    record Holding(EntryName name, long generation) {}

    /** Names a group of entries, which are evicted together. */
    record Group(NamespaceName namespace, GroupName name) implements Comparable<Group> {
        /** Largest number of entries. All of them go in one transaction. */
        public static final int ENTRIES_MAX = 1_000;

        @Override
        public int compareTo(Group other) {
            int byNamespace = namespace.compareTo(other.namespace);
            return byNamespace != 0 ? byNamespace : name.compareTo(other.name);
        }
    }

    /**
     * The registry itself.
     *
     * @param highestGeneration the highest that was ever drawn, or that is taken for it since a restore
     * @param restoredAt        time at which a restore was last declared; absent if none was
     * @param behind            numbers that a host has seen beyond this registry, which must have been restored without a word; absent if none has
     */
    record Registry(RegistryId id, long epoch, long highestGeneration, @Nullable Instant restoredAt, @Nullable Behind behind) {}

    /** The highest generation and the latest epoch seen by refused hosts. */
    record Behind(long generation, long epoch) {}

    /** The end of a generation, decided since a restore. */
    record Ended(long generation, EvictionId evictionId, EvictionCause cause) {}

    /** A due order, with the host's data that it needs. */
    record DueOrder(ReplicaRow replica, HostRow host) {}

    /**
     * Rows that one transaction is about to lock, as far as known before anything is decided.
     *
     * @param ids         replica ids to be recorded
     * @param changing    entries to be held exclusively
     * @param staying     entries to be held shared: whoever ends a generation holds its entry exclusively, so either sees the other's commit
     * @param replicas    open rows
     * @param puts        number of expected puts per namespace; what they will also ask for may be read at once
     * @param holdersEach number of holders of one victim that will be asked for
     */
    record Ahead(SortedMap<ReplicaId, Recording> ids, SortedSet<NamespaceName> namespaces, SortedSet<EntryName> changing,
            SortedSet<EntryName> staying, SortedSet<ReplicaId> replicas, SortedMap<NamespaceName, Integer> puts, int holdersEach) {
        boolean isEmpty() {
            return ids.isEmpty() && namespaces.isEmpty() && changing.isEmpty() && staying.isEmpty() && replicas.isEmpty();
        }
    }

    /**
     * Rows that {@link #lock} found.
     *
     * @param unrecorded  ids that were not recorded before
     * @param generations drawn while the namespaces were held, one for each put that is to come
     */
    record Held(Set<ReplicaId> unrecorded, Map<NamespaceName, NamespaceRow> namespaces, Map<EntryName, EntryRow> entries,
            Map<ReplicaId, ReplicaRow> replicas, List<Long> generations) {}

    /** Does what the methods for each kind do, one after the other in the order of locks. */
    default Held lock(Ahead ahead) {
        Set<ReplicaId> unrecorded = record(ahead.ids());
        Map<NamespaceName, NamespaceRow> namespaces = lockNamespaces(ahead.namespaces());
        Map<EntryName, EntryRow> entries = new HashMap<>(lockEntries(ahead.changing(), EntryLock.EXCLUSIVE));
        entries.putAll(lockEntries(ahead.staying(), EntryLock.SHARED));
        Map<ReplicaId, ReplicaRow> replicas = lockReplicas(ahead.replicas());
        int puts = ahead.puts().values().stream().mapToInt(Integer::intValue).sum();
        return new Held(unrecorded, namespaces, entries, replicas, puts == 0 ? List.of() : nextGenerations(puts));
    }

    /** Returns the store's time, the same for the whole transaction. */
    Instant now();

    Registry registry();

    /** Reads the registry's row as it is now, and locks it. The caller has locked nothing else. */
    Registry lockRegistry();

    /** Returns whether a host that is not retired has yet to report what it holds in this epoch; not locked. */
    boolean isAnyHostUnheard(long epoch);

    /** Orders that wait until all hosts were heard, locked; those locked elsewhere are passed over. */
    List<ReplicaRow> lockWaitingOrders(int limit);

    /**
     * Returns, per generation of an entry, its end since the restore, or that of the next higher generation that ended. An end before the restore
     * counts while its last holders are still to be doomed. A generation without an end is absent. The caller holds the entries' namespaces.
     */
    Map<Holding, Ended> endedSinceRestore(Collection<Holding> generations);

    /** Locks and returns the existing rows among {@code ids}. */
    Map<HostId, HostRow> lockHosts(SortedSet<HostId> ids, HostLock lock);

    /** Locks active hosts that were last heard before {@code deadline}, for {@link HostLock#HEARTBEAT}. Skips those locked elsewhere. */
    List<HostRow> lockHostsUnheardSince(Instant deadline, int limit);

    /** Hosts that drain and whose copies are due to be looked at, locked for {@link HostLock#HEARTBEAT}; those locked elsewhere are passed over. */
    List<HostRow> lockHostsToRelieve(int limit);

    /**
     * Returns those generations that a reliable host other than {@code than} has a LIVE row of. Such a host is heard, does not drain, was compared if
     * it had to be, and waits for nobody. The row must be newer than the last restore, because nobody knows whether the host still has an older one.
     * Not locked: as long as the caller holds the entries exclusively, only the hosts can change.
     */
    Set<Holding> heldElsewhere(Collection<Holding> holdings, HostId than);

    /** Returns the host, not retired and other than {@code than}, that this store joined as. */
    Optional<HostId> otherHostOf(StoreId store, HostId than);

    /**
     * Returns the partition of {@code spillway.orders} with the fewest hosts that stay: neither retired nor draining. A host keeps its partition
     * until another has at least two fewer.
     *
     * @param current current partition of the host that asks; below 0 if it has none
     */
    int leastLoadedPartition(int current);

    /** A replica id to be recorded, and the incarnation of the host that speaks of it. */
    record Recording(HostId host, long incarnation) {}

    /**
     * Records replica ids for ever, waiting for any other transaction that records one of them.
     *
     * @return the ids that were not recorded before
     */
    Set<ReplicaId> record(SortedMap<ReplicaId, Recording> ids);

    /** Locks and returns the existing namespaces among {@code names}. */
    Map<NamespaceName, NamespaceRow> lockNamespaces(SortedSet<NamespaceName> names);

    /** Returns the policies of all namespaces and their version; not locked. */
    PolicySet policies();

    /** Returns the version of the policies; not locked. */
    long policyVersion();

    /** Locks and returns the existing entries among {@code names}. */
    Map<EntryName, EntryRow> lockEntries(SortedSet<EntryName> names, EntryLock lock);

    /**
     * Locks up to {@code limit} unpinned entries behind {@code after} in the order of eviction, exclusively. Of each group it is the one that was used
     * last. The caller holds the namespace.
     */
    List<EntryRow> lockVictims(NamespaceName namespace, Place after, int limit);

    /** Does the same as {@link #lockVictims} without locking. */
    List<EntryRow> victims(NamespaceName namespace, Place after, int limit);

    /** Returns the highest priority of any entry, 0 if there is none; not locked. The caller holds the namespace. */
    double highestPriority(NamespaceName namespace);

    /** Locks all entries of these groups exclusively, in the order of their names. The caller holds the namespaces. */
    List<EntryRow> lockGroups(SortedSet<Group> groups);

    /** Does the same as {@link #lockGroups} without locking. */
    List<EntryRow> groups(SortedSet<Group> groups);

    /** A number of entries and their bytes. */
    record Selection(long entries, long bytes) {
        public static final Selection NONE = new Selection(0, 0);

        Selection without(Selection other) {
            return new Selection(entries - other.entries, bytes - other.bytes);
        }
    }

    /** Counts the unpinned entries whose keys begin with {@code prefix}; not locked. */
    Selection countUnpinned(NamespaceName namespace, EntryKey prefix);

    /**
     * Counts the unpinned entries whose keys begin with {@code prefix}, and whose time is over by {@code times} or that of one of their group; not
     * locked.
     */
    Selection countOverdue(NamespaceName namespace, TimeBounds times, String prefix);

    /** Pinned entries in the order of eviction, locked exclusively. The caller holds the namespace. */
    List<EntryRow> lockPinned(NamespaceName namespace, int limit);

    /** Locks entries whose pins ended before now exclusively, first ended first. The caller holds the namespace. */
    List<EntryRow> lockPinsEnded(NamespaceName namespace, int limit);

    /** Locks unpinned entries created until {@code latest} exclusively, oldest first. The caller holds the namespace. */
    List<EntryRow> lockCreatedUntil(NamespaceName namespace, Instant latest, int limit);

    /**
     * Returns namespaces with work due, sorted, not locked: an entry whose ttl or idle limit is over, a pin that ended, or a low watermark still to
     * be reached.
     */
    List<NamespaceName> namespacesDue(int limit);

    PlanRows plans();

    /** Draws rising generations above all that were ever drawn. The caller holds the namespaces that they are for. */
    List<Long> nextGenerations(int count);

    /** Returns open rows among {@code ids}, not locked. Their names, hosts and generations never change. */
    Map<ReplicaId, ReplicaRow> peekReplicas(Collection<ReplicaId> ids);

    /** Locks open rows among {@code ids}, and returns them as they are after the locks were granted. */
    Map<ReplicaId, ReplicaRow> lockReplicas(SortedSet<ReplicaId> ids);

    /**
     * The first LIVE rows of a generation.
     *
     * @param all whether there are no more
     */
    record Holders(List<ReplicaRow> first, boolean all) {
        static final Holders NONE = new Holders(List.of(), true);

        /** Returns holders that may be incomplete, if as many as {@code limit} were found. */
        public static Holders ofUpTo(int limit, List<ReplicaRow> found) {
            return new Holders(found, found.size() < limit);
        }
    }

    /** Locks, per holding, up to about {@code limitEach} LIVE rows. The caller holds the entries exclusively. */
    Map<Holding, Holders> lockLiveReplicas(Collection<Holding> holdings, int limitEach);

    /** Counts the LIVE rows of a generation. */
    long countLiveReplicas(Holding holding);

    /** Counts the open rows of a host. */
    long countReplicas(HostId host);

    /** Counts the doomed rows of a host, up to {@code atMost}. */
    long countOrders(HostId host, int atMost);

    /** Ids of a host's open rows behind {@code after} (or from the start), in order; not locked. */
    List<ReplicaId> openReplicaIds(HostId host, @Nullable ReplicaId after, int limit);

    /**
     * Locks the doomed rows of each host that its heartbeat carries ({@link Doom#isForHeartbeat}), oldest doom first, up to its limit. Skips those
     * locked elsewhere.
     */
    Map<HostId, List<ReplicaRow>> lockOrdersForHeartbeats(SortedMap<HostId, Integer> limits, Instant soon);

    /** Locks due doomed rows of ACTIVE hosts, most overdue first. Skips those locked elsewhere. */
    List<DueOrder> lockDueOrders(int limit);

    /** Evictions whose facts are due to be published, locked; those locked elsewhere are passed over. */
    List<DueFact> lockDueFacts(int limit);

    /** A due fact with its number of attempts. */
    record DueFact(EvictionFact fact, int attempts) {}

    /** Locks one eviction that left holders undoomed. Skips those locked elsewhere. */
    List<EvictionFact> lockUnfinishedEvictions(int limit);

    /** Returns the differences seen by earlier reconciliations of this host. The caller holds the host for {@link HostLock#HEARTBEAT}. */
    Map<ReplicaId, Sighting> sightings(HostId host);

    /** Writes everything; the transaction may commit after it. */
    void apply(Changes changes);
}
