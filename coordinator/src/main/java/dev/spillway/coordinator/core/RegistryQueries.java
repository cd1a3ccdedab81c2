package dev.spillway.coordinator.core;

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
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads that change nothing. Each sees what was committed before it began. Thread-safe; every method may block on storage and throw
 * {@link RegistryUnavailableException}. Lists are bounded by a {@code limit} of 1 to 1,000 and continued by keyset: {@code next} of one page is
 * {@code after} of the following. A page that is filtered may hold fewer than the limit, or none, and have a {@code next} all the same: one page looks
 * at a bounded number of rows.
 */
public interface RegistryQueries {
    int LIMIT_MAX = 1_000;

    /** Of each eviction in a list; one that is asked for alone shows up to {@link #LIMIT_MAX}. */
    int ORDERS_IN_LISTS_MAX = 100;

    record Page<T>(List<T> items, @Nullable String next) {
        /** The same page of a list that was looked at up to a number, and not to its end; absent if it was. */
        public Page<T> goingOn(@Nullable Long lookedTo) {
            return next != null || lookedTo == null ? this : new Page<>(items, lookedTo.toString());
        }
    }

    /** The pinned entries are among the entries. */
    record NamespaceView(NamespaceName name, Policy policy, long entries, long bytes, long pinnedEntries, long pinnedBytes, long hits,
            long misses, Map<EvictionCause, Long> evictions) {}

    record ReplicaView(ReplicaId replicaId, HostId hostId, String state, Instant registeredAt) {}

    record EntryView(EntryName name, SnapshotId snapshotId, long generation, long sizeBytes, Description description, Instant createdAt,
            Instant lastAccessedAt, @Nullable Pin pin, List<ReplicaView> replicas) {}

    /**
     * One replica's order.
     *
     * @param state         OPEN, DEFERRED, {@link #WAITING}, or how it was closed
     * @param nextAttemptAt absent for one that is closed or waits
     */
    record OrderView(ReplicaId replicaId, HostId hostId, String state, int attempts, @Nullable Instant nextAttemptAt,
            @Nullable String lastError,
            @Nullable Instant deferredUntil, @Nullable Instant closedAt) {
        /** Not handed out before what {@link Waiting} tells of. */
        public static final String WAITING = "WAITING";

        /** That of a doomed row. */
        public static OrderView open(ReplicaRow row, Doom doom) {
            String state = doom.isWaiting() ? WAITING : doom.deferredUntil() == null ? "OPEN" : "DEFERRED";
            return new OrderView(row.id(), row.hostId(), state, doom.attempts(), doom.isWaiting() ? null : doom.nextAttemptAt(),
                    doom.isWaiting() ? null : doom.lastError(), doom.deferredUntil(), null);
        }

        public boolean isWaiting() {
            return state.equals(WAITING);
        }
    }

    /**
     * An open order with the copy that is to go.
     *
     * @param evictionId absent for an orphan and for a relief
     */
    record OpenOrderView(EntryName name, SnapshotId snapshotId, long generation, long sizeBytes, OrderCause cause,
            @Nullable EvictionId evictionId, Instant orderedAt, OrderView order) {
        /**
         * That of a doomed row.
         *
         * @throws IllegalArgumentException if the row is LIVE
         */
        public static OpenOrderView of(ReplicaRow row) {
            Doom doom = row.doom();
            if (doom == null) {
                throw new IllegalArgumentException("replica " + row.id() + " is LIVE (expected: one with an order)");
            }
            return new OpenOrderView(row.name(), row.snapshotId(), row.generation(), row.sizeBytes(), doom.cause(), doom.evictionId(),
                    doom.at(), OrderView.open(row, doom));
        }

        public OrderCursor cursor() {
            return new OrderCursor(orderedAt, order.replicaId());
        }
    }

    /**
     * What orders wait for since the database was restored: every host that is not retired is to tell what it holds, and the grace is to pass.
     *
     * @param until        the end of the grace
     * @param hostsUnheard how many hosts have not told
     * @param firstUnheard some of these, in the order of their ids
     */
    record Waiting(Instant until, long hostsUnheard, List<HostId> firstUnheard) {
        /** How many hosts are named. */
        public static final int NAMED_MAX = 3;
    }

    /** @param orders those that are open first, then as they were closed; not all where there are many */
    record EvictionView(EvictionFact fact, Actor actor, @Nullable PlanId planId, boolean open, List<OrderView> orders) {}

    /**
     * The LIVE rows of a host that drains which no other host has that is relied on. Of a large host they are not counted each time.
     *
     * @param copies    how many they were
     * @param bytes     of these
     * @param live      how many LIVE rows the host had when they were counted
     * @param countedAt when that was
     */
    record LastCopies(long copies, long bytes, long live, Instant countedAt) {}

    /**
     * A host and what it has.
     *
     * @param lastCopies of a host that drains; absent for any other
     */
    record HostView(HostRow row, long replicas, long bytes, long openOrders, @Nullable Instant oldestOpenOrderAt,
            @Nullable LastCopies lastCopies) {
        /**
         * Whether the host drains and nothing but last copies is left on it, as far as it has confirmed. A host that drains gets no new rows: as
         * many as were counted are those that were counted.
         */
        public boolean isDrained() {
            return lastCopies != null && openOrders == 0 && replicas == lastCopies.live() && replicas == lastCopies.copies();
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
     * @param next where to go on
     * @param gap  whether what is behind the cursor is lost; then there are no items, and reading goes on at {@code next}
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

    /**
     * Plans, newest first.
     *
     * @param namespace absent for those of all namespaces
     */
    Page<PlanRow> plans(@Nullable NamespaceName namespace, @Nullable String after, int limit);

    Optional<PlanRow> plan(PlanId id);

    /**
     * Victims of a plan in the order in which they are to go.
     *
     * @param keptOnly only those that were looked at when the plan was applied, and not evicted
     */
    Page<PlanVictim> planVictims(PlanId id, boolean keptOnly, @Nullable String after, int limit);

    /**
     * Reads where a list of plans goes on.
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

    /** In the order of their ids. */
    List<HostView> hosts();

    Optional<HostView> host(HostId id);

    /** Workers that asked to join within {@link JoinRefusal#SHOWN_FOR} and were refused, the latest first. */
    List<JoinRefusal> joinRefusals(int limit);

    /** How many hosts are in each state as people see it; reads nothing but hosts. */
    Map<HostState, Long> hostsByState();

    /** Every open order of a host, oldest first, whatever it is because of. */
    Page<OpenOrderView> orders(HostId host, @Nullable String after, int limit);

    /** What orders that wait are waiting for; absent if the database was never restored. */
    Optional<Waiting> waiting();

    /**
     * Activity in commit order.
     *
     * @param after a cursor of an earlier page; absent to start with what comes from now on
     */
    ActivityPage activity(@Nullable ActivityCursor after, int limit);

    /** Open orders of all hosts, and the time of the oldest doom among them. */
    OpenOrders openOrders();

    record OpenOrders(long count, @Nullable Instant oldestAt) {}

    /** Facts that Kafka is not known to have. */
    UnpublishedFacts unpublishedFacts();

    /**
     * How many facts wait to be published.
     *
     * @param oldestAt when the first of their evictions was decided; absent if there are none
     * @param readAt   now, by the clock that the registry's times are taken from
     */
    record UnpublishedFacts(long count, @Nullable Instant oldestAt, Instant readAt) {}
}
