package dev.spillway.registry.store;

import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.RegistryRow;
import dev.spillway.registry.model.ReplicaRow;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;

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

    /** A generation that ended after a restore. */
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
    record LockRequest(
            SortedMap<ReplicaId, Recording> ids,
            SortedSet<NamespaceName> namespaces,
            SortedSet<EntryName> changing,
            SortedSet<EntryName> staying,
            SortedSet<ReplicaId> replicas,
            SortedMap<NamespaceName, Integer> puts,
            int holdersEach) {
        public boolean isEmpty() {
            return ids.isEmpty() && namespaces.isEmpty() && changing.isEmpty() && staying.isEmpty() && replicas.isEmpty();
        }
    }

    /**
     * Rows that {@link #lock} found.
     *
     * @param unrecorded  ids that were not recorded before
     * @param generations drawn while the namespaces were held, one for each put that is to come
     */
    record LockedRows(
            Set<ReplicaId> unrecorded,
            Map<NamespaceName, NamespaceRow> namespaces,
            Map<EntryName, EntryRow> entries,
            Map<ReplicaId, ReplicaRow> replicas,
            List<Long> generations) {}

    /** Does what the methods for each kind do, one after the other in the order of locks. */
    default LockedRows lock(LockRequest ahead) {
        Set<ReplicaId> unrecorded = replicas().record(ahead.ids());
        Map<NamespaceName, NamespaceRow> namespaces = namespaces().lockNamespaces(ahead.namespaces());
        Map<EntryName, EntryRow> entries = new HashMap<>(entries().lockEntries(ahead.changing(), EntryLock.EXCLUSIVE));
        entries.putAll(entries().lockEntries(ahead.staying(), EntryLock.SHARED));
        Map<ReplicaId, ReplicaRow> replicas = replicas().lockReplicas(ahead.replicas());
        int puts = ahead.puts().values().stream().mapToInt(Integer::intValue).sum();
        return new LockedRows(unrecorded, namespaces, entries, replicas, puts == 0 ? List.of() : namespaces().nextGenerations(puts));
    }

    /** Returns the store's time, the same for the whole transaction. */
    Instant now();

    RegistryRow registry();

    /** Reads the registry's row as it is now, and locks it. The caller has locked nothing else. */
    RegistryRow lockRegistry();

    /** A replica id to be recorded, and the incarnation of the host that speaks of it. */
    record Recording(HostId host, long incarnation) {}

    HostRows hosts();

    NamespaceRows namespaces();

    EntryRows entries();

    ExpiryRows expiry();

    ReplicaRows replicas();

    OrderRows orders();

    EvictionRows evictions();

    PlanRows plans();

    /**
     * The first LIVE rows of a generation.
     *
     * @param all whether there are no more
     */
    record Holders(List<ReplicaRow> first, boolean all) {
        public static final Holders NONE = new Holders(List.of(), true);

        /** Returns holders that may be incomplete, if as many as {@code limit} were found. */
        public static Holders ofUpTo(int limit, List<ReplicaRow> found) {
            return new Holders(found, found.size() < limit);
        }
    }

    /** A due fact with its number of attempts. */
    record DueFact(EvictionFact fact, int attempts) {}

    /** Writes everything; the transaction may commit after it. */
    void apply(Changes changes);
}
