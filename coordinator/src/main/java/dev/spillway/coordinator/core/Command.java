package dev.spillway.coordinator.core;

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
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A change of the registry. One command is one transaction: it is committed as a whole before its answer leaves, or not at all.
 *
 * @param <A> the answer
 */
public sealed interface Command<A> {
    /** Returns the party that asks, for the audit trail. */
    default Actor actor() {
        return switch (this) {
            case FromWorker<?> from -> Actor.host(from.message().hostId());
            case Sweep _,Expire _,Relieve _ -> Actor.SWEEP;
            case SetPolicy _,Put _,Get _,Invalidate _,Clean _,SetPin _,LiftPin _,MakePlan _,ExtendPlan _,ApplyPlan _,TakeReports _,ClaimOrders _,ReturnOrders _,ClaimFacts _,FactsPublished _,Retire _,Readmit _,Drain _,CancelDrain _,Restored _ ->
                    Actor.ANONYMOUS;
            case By<?> by -> by.actor();
        };
    }

    /** Returns what is asked, for logs and metrics: a worker's message, or a command, without who asks. */
    default String kind() {
        return switch (this) {
            case FromWorker<?> from -> from.message().getClass().getSimpleName();
            case By<?> by -> by.command().kind();
            default -> getClass().getSimpleName();
        };
    }

    /** A client's command, with the client's name. */
    record By<A>(Actor actor, Command<A> command) implements Command<A> {}

    /**
     * Creates a namespace or changes its policy. A lowered limit is enforced at once if it evicts little. If it evicts more than the policy's share,
     * or more than one transaction should, a plan is begun and nothing else is changed.
     */
    record SetPolicy(NamespaceName namespace, PolicyChange change) implements Command<Outcomes.PolicySetting> {
        /** Sets what is not null. */
        public SetPolicy(NamespaceName namespace, @Nullable Long maxEntries, @Nullable Long maxBytes, @Nullable Double maxEvictionShare) {
            this(namespace, PolicyChange.to(maxEntries, maxBytes, maxEvictionShare));
        }
    }

    /** Puts an entry that belongs to no host. */
    record Put(EntryName name, SnapshotId snapshotId, long sizeBytes, Description description) implements Command<Outcomes.Putting> {}

    /** Reads an entry. Its answer does not depend on what it leaves behind. */
    record Get(EntryName name, Trace trace) implements Command<Outcomes.Getting> {
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
    record Invalidate(EntryName name, @Nullable SnapshotId ifSnapshot) implements Command<Outcomes.Invalidation> {}

    /** Evicts up to {@code limit} entries of a namespace, least recently used first, the pinned ones last. */
    record Clean(NamespaceName namespace, int limit) implements Command<Outcomes.Cleaning> {}

    /** Pins an entry, or changes its pin; {@code until} absent for no end. */
    record SetPin(EntryName name, PinReason reason, @Nullable Instant until) implements Command<Outcomes.Pinning> {}

    /** Lifts a pin. Nothing is evicted for it before the next put. */
    record LiftPin(EntryName name) implements Command<Outcomes.Pinning> {}

    /** Begins a plan: looks at a first page of entries, and evicts nothing. */
    record MakePlan(NamespaceName namespace, PlanPurpose.Prune prune) implements Command<Outcomes.Planning> {}

    /** Goes on choosing victims for a plan until it is whole. */
    record ExtendPlan(PlanId planId) implements Command<Outcomes.Planning> {}

    /** Deals with up to {@code limit} further victims of a plan. */
    record ApplyPlan(PlanId planId, int limit) implements Command<Outcomes.Applying> {}

    /**
     * Lifts pins whose end has passed, and evicts entries whose time has come and those above a low watermark that is still to be reached, about
     * {@code limit} in all.
     */
    record Expire(int limit) implements Command<Outcomes.Expired> {}

    /** A worker's message. */
    record FromWorker<A>(WorkerMessage<A> message) implements Command<Reply<A>> {}

    /** Reports that came over Kafka. Idempotent. */
    record TakeReports(List<Report> reports) implements Command<Outcomes.Done> {}

    /** Hands out open orders that are due, of hosts that are heard, and sets when they are due again. */
    record ClaimOrders(int limit) implements Command<List<AddressedOrder>> {}

    /** Makes orders due at once that were claimed but could not be sent. */
    record ReturnOrders(List<ReplicaId> replicaIds) implements Command<Outcomes.Done> {}

    /** Hands out facts that are not known to be published, and sets when they are handed out again. */
    record ClaimFacts(int limit) implements Command<List<EvictionFact>> {}

    /** Kafka has these facts. */
    record FactsPublished(List<EvictionId> evictionIds) implements Command<Outcomes.Done> {}

    /** Notices hosts that went AWAY and dooms replicas that the evicting transaction left for later, {@code limit} of them. */
    record Sweep(int limit) implements Command<Outcomes.Swept> {}

    /** Gives a host up: its rows close as ABANDONED, and what nobody else holds is evicted as LOST. */
    record Retire(HostId hostId) implements Command<Outcomes.HostChange> {}

    /** Has a host take nothing new, and relieves it of what other hosts hold, until that is cancelled or the host is retired. */
    record Drain(HostId hostId) implements Command<Outcomes.Draining> {}

    /** Lets a host take part again as any other. What it was ordered to delete meanwhile stays ordered. */
    record CancelDrain(HostId hostId) implements Command<Outcomes.Draining> {}

    /** Looks at up to {@code limit} further copies of one host that drains, and orders those away that other hosts hold. */
    record Relieve(int limit) implements Command<Outcomes.Relieved> {}

    /** Lets a retired host, or a new store under a host's id, join. */
    record Readmit(HostId hostId) implements Command<Outcomes.HostChange> {}

    /**
     * Says that the database was restored from an older state: begins a new epoch, in which every host tells what it holds.
     *
     * @param epoch the one that the restored database is in, so that saying it twice does it once
     */
    record Restored(long epoch) implements Command<Outcomes.Restoration> {}
}
