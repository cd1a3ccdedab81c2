package dev.spillway.registry;

import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.OrderCause;
import dev.spillway.events.PlanId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.registry.model.Actor;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.HostState;
import dev.spillway.registry.model.InUse;
import dev.spillway.registry.model.JoinRefusal;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.OpenOrder;
import dev.spillway.registry.model.Pin;
import dev.spillway.registry.model.Policy;
import dev.spillway.registry.model.RegistryRow;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.model.Sighting;
import dev.spillway.registry.model.Written;
import dev.spillway.registry.plan.PlanRow;
import dev.spillway.registry.plan.PlanVictim;
import dev.spillway.registry.trail.Activity;
import dev.spillway.registry.trail.ActivityCursor;
import dev.spillway.registry.trail.AuditRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Reads that change nothing. Each sees what was committed before it began. Thread-safe; every method may block on storage and throw
 * {@link RegistryUnavailableException}. Lists are bounded by a {@code limit} of 1 to 1,000 and by {@link #PAGE_BYTES_MAX}, and continued by keyset:
 * {@code next} of one page is {@code after} of the following. A page of a filtered list looks at a bounded number of rows, so it may hold fewer items
 * than the limit, or none, and still have a {@code next}.
 */
public interface RegistryQueries {
    int LIMIT_MAX = 1_000;

    /** Number of orders shown for each eviction in a list. A single eviction shows up to {@link #LIMIT_MAX}. */
    int ORDERS_IN_LISTS_MAX = 100;

    /**
     * Upper bound on the estimated size of a page as JSON, in bytes. A page ends before the item that would exceed it, but holds at least one item.
     */
    long PAGE_BYTES_MAX = 4 << 20;

    record Page<T>(List<T> items, @Nullable String next) {
        /**
         * Takes rows until the page is full.
         *
         * @param rows   rows in the order of the list, at least one more than the limit if there are so many; read no further than needed
         * @param cursor returns the {@code after} that continues the list after a row
         * @param bytes  estimates the size of an item as JSON, see {@link JsonSize}
         */
        public static <R, T> Page<T> of(
                Iterator<R> rows,
                int limit,
                Function<R, String> cursor,
                Function<R, T> view,
                ToLongFunction<T> bytes) {
            List<T> items = new ArrayList<>();
            String next = null;
            long size = 0;
            while (rows.hasNext()) {
                R row = rows.next();
                T item = view.apply(row);
                size += bytes.applyAsLong(item);
                if (next != null && (items.size() == limit || size > PAGE_BYTES_MAX)) {
                    return new Page<>(List.copyOf(items), next);
                }
                items.add(item);
                next = cursor.apply(row);
            }
            return new Page<>(List.copyOf(items), null);
        }

        /**
         * Returns this page of a list whose rows were searched up to a cursor only, so that the list continues there; an absent cursor stands for the
         * end of the list.
         */
        public Page<T> goingOn(@Nullable Object lookedTo) {
            return next != null || lookedTo == null ? this : new Page<>(items, lookedTo.toString());
        }
    }

    /** A namespace with its counts. {@code entries} includes the pinned ones. */
    record NamespaceView(
            NamespaceName name,
            Policy policy,
            long entries,
            long bytes,
            long pinnedEntries,
            long pinnedBytes,
            long hits,
            long misses,
            Map<EvictionCause, Long> evictions) {
        /** Returns the view of a row. */
        public static NamespaceView of(NamespaceRow row, Map<EvictionCause, Long> evictions) {
            return new NamespaceView(
                    row.name(),
                    row.policy(),
                    row.entries(),
                    row.bytes(),
                    row.pinnedEntries(),
                    row.pinnedBytes(),
                    row.hits(),
                    row.misses(),
                    evictions);
        }
    }

    /**
     * One host's copy.
     *
     * @param address host and port where its worker serves other hosts, as it stated when it joined
     * @param inUse   use of the replica at its host; absent if none is known
     */
    record ReplicaView(
            ReplicaId replicaId,
            HostId hostId,
            StoreId storeId,
            String address,
            String state,
            Instant registeredAt,
            @Nullable InUse inUse) {}

    /**
     * An entry.
     *
     * @param replicas first the LIVE replicas of hosts that are heard, then the others
     */
    record EntryView(
            EntryName name,
            SnapshotId snapshotId,
            long generation,
            long sizeBytes,
            Description description,
            Instant createdAt,
            Instant lastAccessedAt,
            @Nullable Pin pin,
            Written written,
            List<ReplicaView> replicas) {
        /** Returns the view of a row. */
        public static EntryView of(EntryRow row, List<ReplicaView> replicas) {
            return new EntryView(
                    row.name(),
                    row.snapshotId(),
                    row.generation(),
                    row.sizeBytes(),
                    row.description(),
                    row.createdAt(),
                    row.lastAccessedAt(),
                    row.pin(),
                    row.written(),
                    replicas);
        }
    }

    /**
     * One replica's order.
     *
     * @param state         OPEN, DEFERRED, {@link #WAITING}, or how it was closed
     * @param nextAttemptAt absent for one that is closed or waits
     */
    record OrderView(
            ReplicaId replicaId,
            HostId hostId,
            String state,
            int attempts,
            @Nullable Instant nextAttemptAt,
            @Nullable String lastError,
            @Nullable Instant deferredUntil,
            @Nullable Instant closedAt) {
        /** State of an order that waits for what {@link Waiting} names. */
        static final String WAITING = "WAITING";

        /** Returns the view of a doomed row. */
        public static OrderView open(ReplicaRow row, OpenOrder doom) {
            String state = doom.isWaiting() ? WAITING : doom.deferredUntil() == null ? "OPEN" : "DEFERRED";
            return new OrderView(
                    row.id(),
                    row.hostId(),
                    state,
                    doom.attempts(),
                    doom.isWaiting() ? null : doom.nextAttemptAt(),
                    doom.isWaiting() ? null : doom.lastError(),
                    doom.deferredUntil(),
                    null);
        }

        public boolean isWaiting() {
            return state.equals(WAITING);
        }
    }

    /**
     * An open order with the copy to delete.
     *
     * @param evictionId absent for an orphan and for a relief
     */
    record OpenOrderView(
            EntryName name,
            SnapshotId snapshotId,
            long generation,
            long sizeBytes,
            OrderCause cause,
            @Nullable EvictionId evictionId,
            Instant orderedAt,
            OrderView order) {
        /**
         * Returns the view of a doomed row.
         *
         * @throws IllegalArgumentException if the row is LIVE
         */
        public static OpenOrderView of(ReplicaRow row) {
            OpenOrder doom = row.doom();
            if (doom == null) {
                throw new IllegalArgumentException("replica " + row.id() + " is LIVE (expected: one with an order)");
            }
            return new OpenOrderView(
                    row.name(),
                    row.snapshotId(),
                    row.generation(),
                    row.sizeBytes(),
                    doom.cause(),
                    doom.evictionId(),
                    doom.at(),
                    OrderView.open(row, doom));
        }

        public OrderCursor cursor() {
            return new OrderCursor(orderedAt, order.replicaId());
        }
    }

    /**
     * The condition of waiting orders after a restore: every host that is not retired has reported what it holds, and the grace period is over.
     *
     * @param until        the end of the grace
     * @param hostsUnheard number of hosts that have not reported
     * @param firstUnheard some of these, in the order of their ids
     */
    record RestoreWait(Instant until, long hostsUnheard, List<HostId> firstUnheard) {
        /** Number of hosts that are named. */
        public static final int NAMED_MAX = 3;
    }

    /** @param orders open orders, then closed ones in the order of closing; only the first ones if there are many */
    record EvictionView(EvictionFact fact, Actor actor, @Nullable PlanId planId, boolean open, List<OrderView> orders) {}

    /**
     * Counts of the LIVE replicas of a draining host that no reliable other host has. The count of a large host is cached for a while.
     *
     * @param copies    number of last copies
     * @param bytes     bytes of the last copies
     * @param live      number of the host's LIVE rows at the time of the count
     * @param countedAt time of the count
     */
    record LastCopies(long copies, long bytes, long live, Instant countedAt) {}

    /**
     * A host with its counts.
     *
     * @param failing    error of a deletion that failed, if one of the oldest orders, all older than a minute, has one; absent otherwise
     * @param lastCopies last copies of a draining host; absent for any other
     */
    record HostView(
            HostRow row,
            long replicas,
            long bytes,
            long openOrders,
            @Nullable Instant oldestOpenOrderAt,
            @Nullable String failing,
            @Nullable LastCopies lastCopies) {
        /** Age of an order from which its failures are shown. */
        public static final Duration FAILING_FOR = Duration.ofMinutes(1);

        /** Number of the oldest such orders that are looked at. */
        public static final int FAILING_AMONG = 10;

        /**
         * Returns whether the host drains and has only last copies left, as far as it has confirmed. A draining host gets no new rows, so equal
         * numbers mean the same rows.
         */
        public boolean isDrained() {
            return lastCopies != null && openOrders == 0 && replicas == lastCopies.live() && replicas == lastCopies.copies();
        }
    }

    /**
     * Selects evictions.
     *
     * @param state {@code open}, {@code closed} or absent for both
     */
    record EvictionFilter(
            @Nullable String state,
            @Nullable HostId hostId,
            @Nullable NamespaceName namespace,
            @Nullable EvictionCause cause,
            @Nullable PlanId planId) {
        /** Creates a filter for any cause, with or without a plan. */
        public EvictionFilter(@Nullable String state, @Nullable HostId hostId, @Nullable NamespaceName namespace) {
            this(state, hostId, namespace, null, null);
        }
    }

    /**
     * An event with its position.
     *
     * @param cursor position after it
     */
    record Recorded(ActivityCursor cursor, Activity activity) {}

    /**
     * Events after a cursor.
     *
     * @param next position to continue from
     * @param gap  whether events directly after the cursor are lost; then there are no items, and reading continues at {@code next}
     */
    record ActivityPage(List<Recorded> items, ActivityCursor next, boolean gap) {}

    /** Returns the registry's current row. */
    RegistryRow registry();

    List<NamespaceView> namespaces();

    Optional<NamespaceView> namespace(NamespaceName name);

    /** Returns an entry without touching it. The replicas are its open rows of the current generation, at most 1,000. */
    Optional<EntryView> entry(EntryName name);

    /**
     * Returns entries in the order of eviction, without their replicas.
     *
     * @throws InvalidValueException if {@code after} is not from an earlier page
     */
    Page<EntryView> entries(
            NamespaceName namespace,
            @Nullable String keyPrefix,
            Map<String, String> labels,
            @Nullable String after,
            int limit);

    /** Returns distinct snapshot ids, sorted. */
    Page<SnapshotId> snapshots(NamespaceName namespace, @Nullable String after, int limit);

    /** Returns evictions, newest first, each with at most {@link #ORDERS_IN_LISTS_MAX} of its orders. */
    Page<EvictionView> evictions(EvictionFilter filter, @Nullable String after, int limit);

    Optional<EvictionView> eviction(EvictionId id);

    /**
     * Returns plans, newest first.
     *
     * @param namespace absent for those of all namespaces
     */
    Page<PlanRow> plans(@Nullable NamespaceName namespace, @Nullable String after, int limit);

    Optional<PlanRow> plan(PlanId id);

    /**
     * Returns victims of a plan in the order of eviction.
     *
     * @param keptOnly whether only settled victims are listed that were not evicted
     */
    Page<PlanVictim> planVictims(PlanId id, boolean keptOnly, @Nullable String after, int limit);

    /**
     * Reads the cursor of a list of plans.
     *
     * @throws InvalidValueException if {@code after} is not from an earlier page
     */
    static @Nullable PlanId planCursor(@Nullable String after) {
        try {
            return after == null ? null : PlanId.parse(after);
        } catch (InvalidValueException e) {
            throw new InvalidValueException("after", after, "the next of an earlier page");
        }
    }

    /** Returns all hosts in the order of their ids. */
    List<HostView> hosts();

    Optional<HostView> host(HostId id);

    /** Returns refusals of workers that asked to join within {@link JoinRefusal#SHOWN_FOR}, the latest first. */
    List<JoinRefusal> joinRefusals(int limit);

    /** Returns records of changes, newest first. */
    Page<AuditRecord> audit(AuditRecord.Filter filter, @Nullable String after, int limit);

    /** Counts the differences between hosts and their rows that wait for the grace period, for a second reconciliation, or for an operator. */
    Map<Sighting.Kind, Long> discrepancies();

    /** Counts hosts by the state shown to people; reads nothing but hosts. */
    Map<HostState, Long> hostsByState();

    /** Returns the open orders of a host, oldest first, whatever their cause. */
    Page<OpenOrderView> orders(HostId host, @Nullable String after, int limit);

    /** Returns the condition of waiting orders; empty if the database was never restored. */
    Optional<RestoreWait> waiting();

    /**
     * Returns activity in commit order.
     *
     * @param after a cursor of an earlier page; absent to begin with events that are committed from now on
     */
    ActivityPage activity(@Nullable ActivityCursor after, int limit);

    /** Counts the open orders of all hosts, and finds the time of the oldest. */
    OpenOrders openOrders();

    record OpenOrders(long count, @Nullable Instant oldestAt) {}

    /** Counts the facts that Kafka has not acknowledged. */
    UnpublishedFacts unpublishedFacts();

    /**
     * Number of facts to publish, with the time of the oldest.
     *
     * @param oldestAt time of the oldest of their evictions; absent if there are none
     * @param readAt   present time of the registry's clock
     */
    record UnpublishedFacts(long count, @Nullable Instant oldestAt, Instant readAt) {}
}
