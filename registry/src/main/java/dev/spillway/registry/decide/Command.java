package dev.spillway.registry.decide;

import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PinReason;
import dev.spillway.events.PlanId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.registry.model.Actor;
import dev.spillway.registry.model.AddressedOrder;
import dev.spillway.registry.model.PolicyChange;
import dev.spillway.registry.plan.PlanPurpose;
import dev.spillway.registry.store.Rows.HostLock;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A change of the registry. It is committed as a whole before its answer leaves, or not at all. A command tells who asks, whether it shares a
 * transaction, and which rows it needs. So a new one is a record here and a decision in {@link Decisions}, and the compiler names what is missing.
 *
 * @param <A> the answer
 */
public sealed interface Command<A> {
    /** Returns the party that asks, for the audit trail. */
    Actor actor();

    /** Returns what is asked, for logs and metrics: a worker's message, or a command, without who asks. */
    default String kind() {
        return getClass().getSimpleName();
    }

    /** Returns whether it needs a transaction of its own. */
    boolean goesAlone();

    /** Returns its number of items, 1 or more, by which a shared transaction is bounded. */
    default int weight() {
        return 1;
    }

    /** Returns the hosts that it needs, with the lock of each. They are locked before {@link #need} is asked. */
    default SortedMap<HostId, HostLock> hosts() {
        return Collections.emptySortedMap();
    }

    /** Names the rows that it needs beside hosts, which are read and locked before anything is decided. */
    void need(Needs needs);

    /** A command of a client. Its answer can be kept under an idempotency key, as JSON of the type that its record names. */
    sealed interface OfClient<A> extends Command<A> {
        @Override
        default Actor actor() {
            return Actor.ANONYMOUS;
        }
    }

    /** Work that the coordinator does by itself. No caller waits for it, and the fleet relies on it. */
    sealed interface OwnWork<A> extends Command<A> {
        @Override
        default Actor actor() {
            return Actor.SWEEP;
        }
    }

    /**
     * A command with a transaction of its own. It reads stored rows page by page and must not miss unstored changes, takes long, or ends an incarnation
     * that others rely on. It locks rows as it meets them.
     */
    sealed interface Alone<A> extends Command<A> {
        @Override
        default boolean goesAlone() {
            return true;
        }

        @Override
        default void need(Needs needs) {
            // It locks rows as it meets them.
        }
    }

    /** A command that may share a transaction with others. */
    sealed interface Shared<A> extends Command<A> {
        @Override
        default boolean goesAlone() {
            return false;
        }
    }

    /** A client's command, with the client's name. */
    record By<A>(Actor actor, OfClient<A> command) implements OfClient<A> {
        @Override
        public String kind() {
            return command.kind();
        }

        @Override
        public boolean goesAlone() {
            return command.goesAlone();
        }

        @Override
        public int weight() {
            return command.weight();
        }

        @Override
        public SortedMap<HostId, HostLock> hosts() {
            return command.hosts();
        }

        @Override
        public void need(Needs needs) {
            command.need(needs);
        }
    }

    /**
     * Creates a namespace or changes its policy. A lowered limit is enforced at once if it evicts little. If it evicts more than the policy's share,
     * or more than one transaction should, a plan is begun and nothing else is changed.
     */
    record SetPolicy(NamespaceName namespace, PolicyChange change)
            implements OfClient<Outcomes.PolicySetting>, Alone<Outcomes.PolicySetting> {
        /** Sets what is not null. */
        public SetPolicy(NamespaceName namespace, @Nullable Long maxEntries, @Nullable Long maxBytes, @Nullable Double maxEvictionShare) {
            this(namespace, PolicyChange.to(maxEntries, maxBytes, maxEvictionShare));
        }
    }

    /** Puts an entry that belongs to no host. */
    record Put(EntryName name, SnapshotId snapshotId, long sizeBytes, Description description)
            implements OfClient<Outcomes.Putting>, Shared<Outcomes.Putting> {
        @Override
        public void need(Needs needs) {
            needs.put(name, snapshotId);
        }
    }

    /** Reads an entry. Its answer does not depend on what it leaves behind. No client asks for it under an idempotency key. */
    record Get(EntryName name, Trace trace) implements OfClient<Outcomes.Getting>, Shared<Outcomes.Getting> {
        @Override
        public void need(Needs needs) {
            needs.use(name);
        }

        /** The effect of a read on the entry and its namespace. */
        public enum Trace {
            NONE,
            /** The entry becomes the most recently used one. */
            USE,
            /** A use that is counted as a hit or a miss, too. */
            COUNTED_USE
        }

        public Get(EntryName name) {
            this(name, Trace.COUNTED_USE);
        }

        boolean isUse() {
            return trace != Trace.NONE;
        }

        boolean isCounted() {
            return trace == Trace.COUNTED_USE;
        }
    }

    /** Evicts one entry; with {@code ifSnapshot} only while it names that snapshot. */
    record Invalidate(EntryName name, @Nullable SnapshotId ifSnapshot)
            implements OfClient<Outcomes.Invalidation>, Shared<Outcomes.Invalidation> {
        @Override
        public void need(Needs needs) {
            needs.end(name);
        }
    }

    /** Evicts up to {@code limit} entries of a namespace, least recently used first, the pinned ones last. */
    record Clean(NamespaceName namespace, int limit) implements OfClient<Outcomes.Cleaning>, Alone<Outcomes.Cleaning> {}

    /** Pins an entry, or changes its pin; {@code until} absent for no end. */
    record SetPin(EntryName name, PinReason reason, @Nullable Instant until)
            implements OfClient<Outcomes.Pinning>, Alone<Outcomes.Pinning> {}

    /** Lifts a pin. Nothing is evicted for it before the next put. */
    record LiftPin(EntryName name) implements OfClient<Outcomes.Pinning>, Alone<Outcomes.Pinning> {}

    /** Begins a plan: looks at a first page of entries, and evicts nothing. */
    record MakePlan(NamespaceName namespace, PlanPurpose.Prune prune) implements OfClient<Outcomes.Planning>, Alone<Outcomes.Planning> {}

    /** Goes on choosing victims for a plan until it is whole. */
    record ExtendPlan(PlanId planId) implements OfClient<Outcomes.Planning>, Alone<Outcomes.Planning> {}

    /** Deals with up to {@code limit} further victims of a plan. */
    record ApplyPlan(PlanId planId, int limit) implements OfClient<Outcomes.Applying>, Alone<Outcomes.Applying> {}

    /**
     * Lifts pins whose end has passed, and evicts entries whose time has come and those above a low watermark that is still to be reached, about
     * {@code limit} in all.
     */
    record Expire(int limit) implements OwnWork<Outcomes.Expired>, Alone<Outcomes.Expired> {}

    /** A worker's message. */
    record FromWorker<A>(WorkerMessage<A> message) implements Command<Reply<A>> {
        @Override
        public Actor actor() {
            return Actor.host(message.hostId());
        }

        @Override
        public String kind() {
            return message.getClass().getSimpleName();
        }

        @Override
        public boolean goesAlone() {
            return needs().goesAlone();
        }

        @Override
        public int weight() {
            return needs().weight();
        }

        @Override
        public SortedMap<HostId, HostLock> hosts() {
            return needs().hosts();
        }

        @Override
        public void need(Needs needs) {
            needs().addTo(needs);
        }

        private MessageNeeds needs() {
            return MessageNeeds.of(message);
        }
    }

    /** Reports that came over Kafka. Idempotent. */
    record TakeReports(List<Report> reports) implements OwnWork<Outcomes.Done>, Shared<Outcomes.Done> {
        @Override
        public SortedMap<HostId, HostLock> hosts() {
            SortedMap<HostId, HostLock> hosts = new TreeMap<>();
            reports.forEach(report -> hosts.put(report.hostId(), HostLock.FENCE));
            return hosts;
        }

        @Override
        public void need(Needs needs) {
            reports.forEach(report -> needs.close(report.hostId(), report.replicaId()));
        }

        @Override
        public int weight() {
            return Math.max(1, reports.size());
        }
    }

    /** Hands out open orders that are due, of hosts that are heard, and sets when they are due again. */
    record ClaimOrders(int limit) implements OwnWork<List<AddressedOrder>>, Alone<List<AddressedOrder>> {}

    /** Makes orders due at once that were claimed but could not be sent. */
    record ReturnOrders(List<ReplicaId> replicaIds) implements OwnWork<Outcomes.Done>, Shared<Outcomes.Done> {
        @Override
        public void need(Needs needs) {
            needs.replicas(replicaIds);
        }

        @Override
        public int weight() {
            return Math.max(1, replicaIds.size());
        }
    }

    /** Hands out facts that are not known to be published, and sets when they are handed out again. */
    record ClaimFacts(int limit) implements OwnWork<List<EvictionFact>>, Alone<List<EvictionFact>> {}

    /** Kafka has these facts. */
    record FactsPublished(List<EvictionId> evictionIds) implements OwnWork<Outcomes.Done>, Shared<Outcomes.Done> {
        @Override
        public void need(Needs needs) {
            // Locks no row that others lock.
        }

        @Override
        public int weight() {
            return Math.max(1, evictionIds.size());
        }
    }

    /** Notices hosts that went AWAY and dooms replicas that the evicting transaction left for later, {@code limit} of them. */
    record Sweep(int limit) implements OwnWork<Outcomes.Swept>, Alone<Outcomes.Swept> {}

    /** Gives a host up: its rows close as ABANDONED, and what nobody else holds is evicted as LOST. */
    record Retire(HostId hostId) implements OfClient<Outcomes.HostChange>, Alone<Outcomes.HostChange> {}

    /** Has a host take nothing new, and relieves it of what other hosts hold, until that is cancelled or the host is retired. */
    record Drain(HostId hostId) implements OfClient<Outcomes.Draining>, Alone<Outcomes.Draining> {}

    /** Lets a host take part again as any other. What it was ordered to delete meanwhile stays ordered. */
    record CancelDrain(HostId hostId) implements OfClient<Outcomes.Draining>, Alone<Outcomes.Draining> {}

    /** Looks at up to {@code limit} further copies of one host that drains, and orders those away that other hosts hold. */
    record Relieve(int limit) implements OwnWork<Outcomes.Relieved>, Alone<Outcomes.Relieved> {}

    /** Lets a retired host, or a new store under a host's id, join. */
    record Readmit(HostId hostId) implements OfClient<Outcomes.HostChange>, Alone<Outcomes.HostChange> {}

    /**
     * Says that the database was restored from an older state: begins a new epoch, in which every host tells what it holds.
     *
     * @param epoch the one that the restored database is in, so that saying it twice does it once
     */
    record Restored(long epoch) implements OfClient<Outcomes.Restoration>, Alone<Outcomes.Restoration> {}
}
