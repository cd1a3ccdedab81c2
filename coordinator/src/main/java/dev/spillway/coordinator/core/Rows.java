package dev.spillway.coordinator.core;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
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
 * The stored rows as one transaction sees them, before any change of that transaction. Callers lock kinds in the order hosts, replica ids,
 * namespaces, entries, replicas, and each kind sorted; what is locked stays so until the transaction ends. Not thread-safe.
 */
public interface Rows {
    /** How strongly a host row is held. */
    enum HostLock {
        /** Its incarnation does not change meanwhile; many may hold it. */
        FENCE,
        /** Its figures change; goes together with {@link #FENCE}. */
        HEARTBEAT,
        /** Its incarnation changes. */
        INCARNATION
    }

    /** How strongly an entry row is held. */
    enum EntryLock {
        /** Its generation does not change meanwhile; many may hold it. */
        SHARED,
        /** It changes or goes; the caller holds its namespace. */
        EXCLUSIVE
    }

    /** Names one generation of one entry. */
    record Holding(EntryName name, long generation) {}

    /**
     * The registry itself.
     *
     * @param highestGeneration the highest that was ever drawn, or that is taken for it since a restore
     * @param restoredAt        when somebody said that the database was restored; absent for one that never was
     * @param behind            what a host has seen beyond this registry, so that it must have been restored without a word; absent if none has
     */
    record Registry(RegistryId id, long epoch, long highestGeneration, @Nullable Instant restoredAt, @Nullable Behind behind) {}

    /** The highest generation and the latest epoch that refused hosts have seen. */
    record Behind(long generation, long epoch) {}

    /** The end of a generation that was decided since a restore. */
    record Ended(long generation, EvictionId evictionId, EvictionCause cause) {}

    /** A doomed replica that is due, with what its order needs of its host. */
    record DueOrder(ReplicaRow replica, HostRow host) {}

    /**
     * What one transaction is about to lock, as far as it is known before anything is decided.
     *
     * @param ids         replica ids to be recorded
     * @param changing    entries to be held exclusively
     * @param staying     entries to be held shared: whoever ends a generation holds its entry exclusively, so either sees the other's commit
     * @param replicas    open rows
     * @param puts        how many puts are to come to a namespace: what they will ask for besides may be read at once
     * @param holdersEach how many holders of one victim will be asked for
     */
    record Ahead(SortedMap<ReplicaId, Recording> ids, SortedSet<NamespaceName> namespaces, SortedSet<EntryName> changing,
            SortedSet<EntryName> staying, SortedSet<ReplicaId> replicas, SortedMap<NamespaceName, Integer> puts, int holdersEach) {
        boolean isEmpty() {
            return ids.isEmpty() && namespaces.isEmpty() && changing.isEmpty() && staying.isEmpty() && replicas.isEmpty();
        }
    }

    /**
     * What {@link #lock} found of what it was asked for.
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

    /** The store's time, the same for the whole transaction. */
    Instant now();

    Registry registry();

    /** As {@link #registry}, as it is now, and locked. The caller has locked nothing else. */
    Registry lockRegistry();

    /** Whether a host that is not retired has not told yet what it holds in this epoch; not locked. */
    boolean isAnyHostUnheard(long epoch);

    /** Orders that wait until all hosts were heard, locked; those locked elsewhere are passed over. */
    List<ReplicaRow> lockWaitingOrders(int limit);

    /**
     * For each generation of an entry the end of it, or of the next higher one that ended, since the registry was restored, or the earlier end of it
     * whose last holders are still to be doomed; none where none ended. The caller holds the entries' namespaces.
     */
    Map<Holding, Ended> endedSinceRestore(Collection<Holding> generations);

    /** The existing rows among {@code ids}, locked. */
    Map<HostId, HostRow> lockHosts(SortedSet<HostId> ids, HostLock lock);

    /** Active hosts that were last heard before {@code deadline}, locked for {@link HostLock#HEARTBEAT}; those locked elsewhere are passed over. */
    List<HostRow> lockHostsUnheardSince(Instant deadline, int limit);

    /** Hosts that drain and whose copies are due to be looked at, locked for {@link HostLock#HEARTBEAT}; those locked elsewhere are passed over. */
    List<HostRow> lockHostsToRelieve(int limit);

    /**
     * Of these generations those that a host other than {@code than} has a LIVE row of and is relied on for: it is heard, does not drain, was
     * compared if it had to be, and waits for nobody; and the row is of after the last restore, because of an older one nobody knows whether the
     * host has it still. Not locked: true for as long as the caller holds their entries exclusively, except for what
     * becomes of the hosts.
     */
    Set<Holding> heldElsewhere(Collection<Holding> holdings, HostId than);

    /** The host, not retired and other than {@code than}, that this store joined as. */
    Optional<HostId> otherHostOf(StoreId store, HostId than);

    /**
     * The partition of {@code spillway.orders} with the fewest hosts that are to stay: neither retired nor draining. A host stays where it is until
     * another has at least two fewer.
     *
     * @param current where the host is that asks; below 0 if nowhere yet
     */
    int leastLoadedPartition(int current);

    /** A replica id to be recorded, and the incarnation of the host that speaks of it. */
    record Recording(HostId host, long incarnation) {}

    /**
     * Records replica ids for ever, waiting for any other transaction that records one of them.
     *
     * @return those that were not recorded before
     */
    Set<ReplicaId> record(SortedMap<ReplicaId, Recording> ids);

    /** The existing namespaces among {@code names}, locked. */
    Map<NamespaceName, NamespaceRow> lockNamespaces(SortedSet<NamespaceName> names);

    /** The policies of all namespaces and their version; not locked. */
    PolicySet policies();

    /** The version of the policies; not locked. */
    long policyVersion();

    /** The existing entries among {@code names}, locked. */
    Map<EntryName, EntryRow> lockEntries(SortedSet<EntryName> names, EntryLock lock);

    /**
     * Up to {@code limit} unpinned entries used after {@code afterUse}, in the order of their last use, locked exclusively. The caller holds the
     * namespace.
     */
    List<EntryRow> lockLeastRecentlyUsed(NamespaceName namespace, long afterUse, int limit);

    /** As {@link #lockLeastRecentlyUsed}, but not locked. */
    List<EntryRow> leastRecentlyUsed(NamespaceName namespace, long afterUse, int limit);

    /** A number of entries and their bytes. */
    record Selection(long entries, long bytes) {
        public static final Selection NONE = new Selection(0, 0);
    }

    /** The unpinned entries whose keys begin with {@code prefix}; not locked. */
    Selection countUnpinned(NamespaceName namespace, EntryKey prefix);

    /** The unpinned entries whose time is over by {@code times}; not locked. */
    Selection countOverdue(NamespaceName namespace, TimeBounds times);

    /** Pinned entries in the order of their last use, locked exclusively. The caller holds the namespace. */
    List<EntryRow> lockPinned(NamespaceName namespace, int limit);

    /** Pinned entries whose pins ended before now, first ended first, locked exclusively. The caller holds the namespace. */
    List<EntryRow> lockPinsEnded(NamespaceName namespace, int limit);

    /** Unpinned entries created until {@code latest}, oldest first, locked exclusively. The caller holds the namespace. */
    List<EntryRow> lockCreatedUntil(NamespaceName namespace, Instant latest, int limit);

    /**
     * Namespaces that time has left something to do in, in order, not locked: an entry whose time to live or idle limit is over, a pin that ended, or
     * a low watermark still to be reached.
     */
    List<NamespaceName> namespacesDue(int limit);

    PlanRows plans();

    /** Rising generations above all that were ever drawn. The caller holds the namespaces that they are for. */
    List<Long> nextGenerations(int count);

    /** Open rows among {@code ids}, not locked. Their names, hosts and generations never change. */
    Map<ReplicaId, ReplicaRow> peekReplicas(Collection<ReplicaId> ids);

    /** Open rows among {@code ids}, locked, as they are after the locks were granted. */
    Map<ReplicaId, ReplicaRow> lockReplicas(SortedSet<ReplicaId> ids);

    /**
     * The first LIVE rows of a generation.
     *
     * @param all whether there are no more
     */
    record Holders(List<ReplicaRow> first, boolean all) {
        static final Holders NONE = new Holders(List.of(), true);

        /** Of as many as were asked for there may be more. */
        public static Holders ofUpTo(int limit, List<ReplicaRow> found) {
            return new Holders(found, found.size() < limit);
        }
    }

    /** For each holding up to about {@code limitEach} LIVE rows, locked. The caller holds the entries exclusively. */
    Map<Holding, Holders> lockLiveReplicas(Collection<Holding> holdings, int limitEach);

    /** How many LIVE rows a generation has. */
    long countLiveReplicas(Holding holding);

    /** How many open rows a host has. */
    long countReplicas(HostId host);

    /** How many doomed rows a host has, counted up to {@code atMost}. */
    long countOrders(HostId host, int atMost);

    /** Ids of a host's open rows behind {@code after} (or from the start), in order; not locked. */
    List<ReplicaId> openReplicaIds(HostId host, @Nullable ReplicaId after, int limit);

    /**
     * Doomed rows of each host that its heartbeat takes along ({@link Doom#isForHeartbeat}), its oldest doom first, up to its limit, locked; those
     * locked elsewhere are passed over.
     */
    Map<HostId, List<ReplicaRow>> lockOrdersForHeartbeats(SortedMap<HostId, Integer> limits, Instant soon);

    /** Doomed rows of ACTIVE hosts that are due, most overdue first, locked; those locked elsewhere are passed over. */
    List<DueOrder> lockDueOrders(int limit);

    /** Evictions whose facts are due to be published, locked; those locked elsewhere are passed over. */
    List<DueFact> lockDueFacts(int limit);

    /** A fact that is due, and how often it was handed out. */
    record DueFact(EvictionFact fact, int attempts) {}

    /** One eviction that left holders undoomed, locked; those locked elsewhere are passed over. */
    List<EvictionFact> lockUnfinishedEvictions(int limit);

    /** What earlier reconciliations of this host saw. The caller holds the host for {@link HostLock#HEARTBEAT}. */
    Map<ReplicaId, Sighting> sightings(HostId host);

    /** Writes everything; the transaction may commit after it. */
    void apply(Changes changes);
}
