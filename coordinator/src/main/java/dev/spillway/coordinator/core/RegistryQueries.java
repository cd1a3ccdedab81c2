package dev.spillway.coordinator.core;

import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads that change nothing. Each sees what was committed before it began. Thread-safe; every method may block on storage and throw
 * {@link RegistryUnavailableException}. Lists are bounded by a {@code limit} of 1 to 1,000 and continued by keyset: {@code next} of one page is
 * {@code after} of the following.
 */
public interface RegistryQueries {
    int LIMIT_MAX = 1_000;

    /** Of each eviction in a list; one that is asked for alone shows up to {@link #LIMIT_MAX}. */
    int ORDERS_IN_LISTS_MAX = 100;

    record Page<T>(List<T> items, @Nullable String next) {}

    /** The pinned entries are among the entries. */
    record NamespaceView(NamespaceName name, Policy policy, long entries, long bytes, long pinnedEntries, long pinnedBytes, long hits,
            long misses, Map<EvictionCause, Long> evictions) {}

    record ReplicaView(ReplicaId replicaId, HostId hostId, String state, Instant registeredAt) {}

    record EntryView(EntryName name, SnapshotId snapshotId, long generation, long sizeBytes, Description description, Instant createdAt,
            Instant lastAccessedAt, @Nullable Pin pin, List<ReplicaView> replicas) {}

    /**
     * One replica's order.
     *
     * @param state OPEN, DEFERRED, or how it was closed
     */
    record OrderView(ReplicaId replicaId, HostId hostId, String state, int attempts, @Nullable Instant nextAttemptAt,
            @Nullable String lastError,
            @Nullable Instant deferredUntil, @Nullable Instant closedAt) {}

    /** @param orders those that are open first, then as they were closed; not all where there are many */
    record EvictionView(EvictionFact fact, Actor actor, @Nullable PlanId planId, boolean open, List<OrderView> orders) {}

    /**
     * A host and what it has.
     *
     * @param lastCopies    of a host that drains, the LIVE rows that no other host has which is relied on; 0 for any other
     * @param lastCopyBytes of these
     */
    record HostView(HostRow row, long replicas, long bytes, long openOrders, @Nullable Instant oldestOpenOrderAt, long lastCopies,
            long lastCopyBytes) {
        /** Whether the host drains and nothing but last copies is left on it, as far as it has confirmed. */
        public boolean isDrained() {
            return row.isDraining() && replicas == lastCopies;
        }
    }

    /**
     * Which evictions to list.
     *
     * @param state {@code open}, {@code closed} or absent for both
     */
    record EvictionFilter(@Nullable String state, @Nullable HostId hostId, @Nullable NamespaceName namespace,
            @Nullable EvictionCause cause, @Nullable PlanId planId) {
        /** Of any cause and with or without a plan. */
        public EvictionFilter(@Nullable String state, @Nullable HostId hostId, @Nullable NamespaceName namespace) {
            this(state, hostId, namespace, null, null);
        }
    }

    /**
     * An activity and where it stands.
     *
     * @param cursor where to go on behind it
     */
    record Recorded(ActivityCursor cursor, Activity activity) {}

    /**
     * Activity behind a cursor.
     *
     * @param gap whether something behind the cursor is no longer kept
     */
    record ActivityPage(List<Recorded> items, ActivityCursor next, boolean gap) {}

    /** The registry itself, as it is now. */
    Rows.Registry registry();

    List<NamespaceView> namespaces();

    Optional<NamespaceView> namespace(NamespaceName name);

    /** Without touching it; the replicas are its open rows of the current generation, at most 1,000. */
    Optional<EntryView> entry(EntryName name);

    /**
     * Entries, least recently used first, without their replicas.
     *
     * @throws dev.spillway.events.InvalidValueException if {@code after} is not from an earlier page
     */
    Page<EntryView> entries(NamespaceName namespace, @Nullable String keyPrefix, Map<String, String> labels, @Nullable String after,
            int limit);

    /** Distinct snapshot ids in order. */
    Page<SnapshotId> snapshots(NamespaceName namespace, @Nullable String after, int limit);

    /** Newest first, each with at most 1,000 of its orders. */
    Page<EvictionView> evictions(EvictionFilter filter, @Nullable String after, int limit);

    Optional<EvictionView> eviction(EvictionId id);

    Optional<PlanRow> plan(PlanId id);

    /**
     * Victims of a plan in the order in which they are to go.
     *
     * @param keptOnly only those that were looked at when the plan was applied, and not evicted
     */
    Page<PlanVictim> planVictims(PlanId id, boolean keptOnly, @Nullable String after, int limit);

    /** In the order of their ids. */
    List<HostView> hosts();

    Optional<HostView> host(HostId id);

    /**
     * Activity in commit order.
     *
     * @param after a cursor of an earlier page; absent to start with what comes from now on
     */
    ActivityPage activity(@Nullable ActivityCursor after, int limit);

    /** Open orders of all hosts, and the time of the oldest doom among them. */
    OpenOrders openOrders();

    record OpenOrders(long count, @Nullable Instant oldestAt) {}
}
