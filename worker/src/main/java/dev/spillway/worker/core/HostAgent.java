package dev.spillway.worker.core;

import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.Order;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.events.protocol.Sender;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.worker.core.model.Delivery;
import dev.spillway.worker.core.model.Effect;
import dev.spillway.worker.core.model.Hold;
import dev.spillway.worker.core.model.HoldAnswer;
import dev.spillway.worker.core.model.HostIdentity;
import dev.spillway.worker.core.model.HostTimes;
import dev.spillway.worker.core.model.IndexChange;
import dev.spillway.worker.core.model.IndexContents;
import dev.spillway.worker.core.model.KeptRequest;
import dev.spillway.worker.core.model.KeyedDeletion;
import dev.spillway.worker.core.model.KeyedPut;
import dev.spillway.worker.core.model.Offer;
import dev.spillway.worker.core.model.OrderPosition;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import dev.spillway.worker.core.model.Step;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One host's side of the protocol. The caller gives it one input after the other, makes the changes of each step durable, and then carries out the
 * effects. The agent never blocks, so a simulation can drive it as well as a real host. Not thread-safe.
 */
public final class HostAgent {
    private final HostReplicas table;
    private final RegistrySession session;
    private final ReplicaDrops drops;
    private final Registering registering;
    private final Reconciling reconciling;
    private final OrderExecution orders;
    private final Heartbeats heartbeats;
    private final RegistryMessages messages;
    private final KeptRequests requests;

    private @Nullable OrderPosition position;
    /** Number of the last artifact in the order of puts. */
    private long puts;

    /**
     * Continues from the contents of the index.
     *
     * @param random adds jitter, so that many hosts do not retry at the same time
     */
    public HostAgent(HostIdentity identity, HostTimes times, IndexContents stored, RandomGenerator random) {
        table = new HostReplicas(identity, stored);
        session = new RegistrySession(identity, times, stored.membership(), random);
        drops = new ReplicaDrops(table);
        registering = new Registering(table, session, drops, random);
        Readopting readopting = new Readopting(table, session, drops, times, random);
        reconciling = new Reconciling(table, drops, session, times, random);
        orders = new OrderExecution(identity, times, table, registering, drops);
        heartbeats = new Heartbeats(session, table, orders, reconciling, times);
        messages = new RegistryMessages(session, registering, drops, readopting, reconciling, heartbeats, times);
        requests = new KeptRequests(stored.requests(), times.requestsKept());
        position = stored.position();
        puts = stored.replicas().stream().mapToLong(HostAgent::number).max().orElse(0);
    }

    // Reads.

    /** Returns the copy of a key that readers get now. */
    public Optional<ReplicaRecord> served(EntryName name) {
        return session.membership().suspended() ? Optional.empty() : table.served(name);
    }

    /** Returns all replicas in the index, in any state; not to be kept beyond the next input. */
    public Collection<ReplicaRecord> replicas() {
        return table.all();
    }

    public Collection<Hold> holds() {
        return table.holds();
    }

    /** Returns whether the registry takes this host's messages now. */
    public boolean isJoined() {
        return session.isJoined();
    }

    /** Returns whether this process has compared its store with the registry. Until then the store may be an older copy. */
    public boolean hasCompared() {
        return reconciling.hasCompared();
    }

    /** Returns whether this host drains, and so takes nothing new. */
    public boolean isDraining() {
        return session.isDraining();
    }

    /** Returns why the registry refuses this host, with the way out; empty while it does not. */
    public Optional<String> refusal() {
        return session.refusal();
    }

    /** Returns the policy of a namespace; empty if none is known. */
    public Optional<PolicySet.Entry> policy(NamespaceName namespace) {
        return policies().policies().stream().filter(policy -> policy.namespace().equals(namespace)).findFirst();
    }

    /** Returns the policies as the registry told them last; none before the first join. */
    public PolicySet policies() {
        return heartbeats.policies();
    }

    public Optional<OrderPosition> position() {
        return Optional.ofNullable(position);
    }

    /** Returns the latest time at which {@link #tick} must be called, unless another input comes first. */
    public Instant nextTick() {
        Instant next = messages.nextTick();
        next = orders.nextRetry().isBefore(next) ? orders.nextRetry() : next;
        Instant end = table.firstToEnd().map(Hold::until).orElse(next);
        return end.isBefore(next) ? end : next;
    }

    // Inputs.

    /**
     * Continues where the last process stopped.
     *
     * @param present the images that are in their places on the disk, by the ids that they are named by
     */
    public Step start(Instant now, Set<ReplicaId> present) {
        Step.Builder out = new Step.Builder();
        table.in(ReplicaState.PENDING)
                .stream()
                .sorted(Comparator.comparingLong(HostAgent::number))
                .forEach(pending -> registering.found(pending, present.contains(pending.image())));
        for (ReplicaRecord replica : List.copyOf(table.all())) {
            switch (replica.state()) {
                case PENDING -> {
                    // taken over above, in the order of puts
                }
                case LIVE, HIDDEN -> {
                    if (!present.contains(replica.image())) {
                        drops.lose(replica, out);
                    } else if (replica.imageAwaited()) {
                        table.imageIsBack(replica, out);
                    } else if (replica.state() == ReplicaState.HIDDEN && isSpare(replica)) {
                        drops.spare(replica.id());
                    }
                }
                case DOOMED -> table.releaseIfUnheld(replica.id(), out);
                case TRASH, GONE -> {
                    if (present.contains(replica.image())) {
                        // The volume was not mounted when this replica was deleted, and came back with the image in its old place.
                        table.doom(replica, false, out);
                    } else if (replica.state() == ReplicaState.TRASH) {
                        out.effect(new Effect.Unlink(replica.image()));
                    }
                }
            }
        }
        messages.join(now, out);
        return done(out);
    }

    private static long number(ReplicaRecord replica) {
        return replica.artifact() == null ? 0 : replica.artifact().number();
    }

    /** Does what is due by now. */
    public Step tick(Instant now) {
        Step.Builder out = new Step.Builder();
        for (Hold over = over(now); over != null; over = over(now)) {
            table.release(over, out);
        }
        orders.retry(now, out);
        messages.tick(now, out);
        requests.sweep(now, out);
        return done(out);
    }

    /** Compares all replicas with the registry as soon as possible, because orders may have been missed. */
    public void reconcileSoon(Instant now) {
        if (session.isJoined() && !reconciling.isUnderWay()) {
            reconciling.soon(now);
        }
    }

    /** Sets the figures that the next heartbeats carry. */
    public void describe(HostFigures latest) {
        heartbeats.describe(latest);
    }

    /**
     * Takes an image that is whole and in its place, and registers it.
     *
     * @param request the put that brought the image, if that has an idempotency key; it is kept in place of an earlier one with that key
     */
    public Step offer(Instant now, Offer offer, KeptRequest.@Nullable Put request) {
        Step.Builder out = new Step.Builder();
        ReplicaRecord pending = new ReplicaRecord(
                offer.id(),
                offer.name(),
                offer.snapshotId(),
                offer.generation(),
                offer.sizeBytes(),
                offer.description(),
                ReplicaState.PENDING,
                false,
                0,
                now,
                now,
                null,
                null,
                null,
                false,
                offer.artifact() == null ? null : offer.artifact().numbered(++puts));
        if (request != null) {
            requests.keep(request, out);
        }
        registering.offer(now, pending, out);
        return done(out);
    }

    /** Returns whether a put with an idempotency key is to be carried out. */
    public KeyedPut put(String key) {
        return requests.put(key);
    }

    /** Returns the outcome of an earlier put with an idempotency key; empty while the registry has not answered. */
    public Optional<PutOutcome> outcome(KeptRequest.Put earlier) {
        return requests.outcome(earlier);
    }

    /** Returns whether the registration of a replica is unanswered. */
    public boolean isPending(ReplicaId id) {
        ReplicaRecord replica = table.get(id);
        return replica != null && replica.state() == ReplicaState.PENDING;
    }

    /**
     * Ends a caller's wait for a put. A replica that was surely not registered is removed, and all its callers learn that. Any other stays pending.
     *
     * @return true if the outcome is unknown to this caller
     */
    public Answered<Boolean> giveUp(Instant now, ReplicaId id) {
        Step.Builder out = new Step.Builder();
        boolean unknown = !registering.giveUp(now, id, out);
        return new Answered<>(unknown, done(out));
    }

    /** Takes a deletion with an idempotency key, which serves no other request from now on. The caller asks the registry once the step is durable. */
    public Answered<KeyedDeletion> delete(Instant now, String key, String digest) {
        Step.Builder out = new Step.Builder();
        KeyedDeletion met = requests.delete(now, key, digest, out);
        return new Answered<>(met, done(out));
    }

    /** Frees the key of a deletion that was surely not carried out. */
    public Step notDeleted(String key) {
        Step.Builder out = new Step.Builder();
        requests.forget(key, out);
        return done(out);
    }

    /**
     * Counts local reads, in the order of use.
     *
     * @param at time of the latest of them
     */
    public void used(EntryName name, long hits, Instant at, @Nullable GroupName group) {
        registering.used(name, hits, at, group);
    }

    public void missed(NamespaceName namespace, long misses) {
        registering.missed(namespace, misses);
    }

    /** Reports the unacknowledged reads now, because this host is about to stop. Does nothing while the host is not joined. */
    public Step tellUses(Instant now) {
        Step.Builder out = new Step.Builder();
        Sender sender = session.sender();
        if (sender != null) {
            registering.sendUses(now, sender, out);
        }
        return done(out);
    }

    /** Returns whether this host is joined and has reads to report. */
    public boolean hasUsesToTell() {
        return session.isJoined() && registering.hasUsesToTell();
    }

    /** Remembers when a replica was last read. */
    public Step accessed(EntryName name, Instant at) {
        Step.Builder out = new Step.Builder();
        table.served(name).ifPresent(replica -> table.accessed(replica, at, out));
        return done(out);
    }

    /**
     * Hides a snapshot that the registry evicted at a caller's request, before the order for it arrives.
     *
     * @param key idempotency key of that request; null if it has none
     */
    public Step deleted(EntryName name, SnapshotId snapshot, @Nullable String key) {
        Step.Builder out = new Step.Builder();
        if (key != null) {
            requests.deleted(key, snapshot, out);
        }
        table.served(name).filter(replica -> replica.snapshotId().equals(snapshot)).ifPresent(replica -> table.hide(replica, out));
        return done(out);
    }

    /** Takes the outcome of sending a message. */
    public Step delivered(Instant now, WorkerMessage<?> message, Delivery<?> delivery) {
        Step.Builder out = new Step.Builder();
        messages.delivered(now, message, delivery, out);
        return done(out);
    }

    /**
     * Takes an order.
     *
     * @param read position after this order; null for an order that came in the answer to a heartbeat
     */
    public Step ordered(Instant now, Order order, @Nullable OrderPosition read) {
        Step.Builder out = new Step.Builder();
        orders.obey(now, order, out);
        advance(read, out);
        return done(out);
    }

    /**
     * Skips a record of the partition: an order for another host, or an unreadable one.
     *
     * @param notUnderstood replica of an unreadable order for this host, which is reported; null if there is nothing to report
     */
    public Step passedOver(OrderPosition read, @Nullable ReplicaId notUnderstood, String why) {
        Step.Builder out = new Step.Builder();
        if (notUnderstood != null) {
            orders.notUnderstood(notUnderstood, why, out);
        }
        advance(read, out);
        return done(out);
    }

    /** Notes that an image is in the trash, or was absent from the disk. */
    public Step trashed(ReplicaId image) {
        Step.Builder out = new Step.Builder();
        ReplicaRecord replica = table.ofImage(image);
        if (replica != null && replica.state() == ReplicaState.DOOMED) {
            orders.succeeded(replica.id());
            table.trashed(replica, out);
        }
        return done(out);
    }

    /** Notes that nothing of an image is left on the disk. */
    public Step unlinked(ReplicaId image, long bytesFreed) {
        Step.Builder out = new Step.Builder();
        ReplicaRecord replica = table.ofImage(image);
        if (replica != null && replica.state() == ReplicaState.TRASH) {
            orders.succeeded(replica.id());
            table.unlinked(replica, bytesFreed, out);
        }
        return done(out);
    }

    /** Notes that a rename or unlink failed. It is tried again, and the registry is told. */
    public Step removalFailed(Instant now, ReplicaId image, String why) {
        Step.Builder out = new Step.Builder();
        ReplicaRecord replica = table.ofImage(image);
        if (replica != null) {
            orders.failed(now, replica.id(), why, out);
        }
        return done(out);
    }

    /**
     * Promises that the served copy of a key stays whole until a time.
     *
     * @param least lowest generation that the copy may have
     * @param max   largest number of holds of this host
     * @param owner name of the client that takes it; absent if clients need not authenticate
     */
    public Answered<HoldAnswer> hold(UUID id, EntryName name, Instant until, long least, int max, @Nullable String owner) {
        // An artifact has no path that a reader could use.
        ReplicaRecord replica = served(name).filter(found -> found.artifact() == null).orElse(null);
        if (replica == null) {
            return new Answered<>(new HoldAnswer.NotServed(), Step.NOTHING);
        }
        if (replica.generation() < least) {
            return new Answered<>(new HoldAnswer.Older(replica.generation()), Step.NOTHING);
        }
        if (table.holds().size() >= max) {
            return new Answered<>(new HoldAnswer.TooMany(), Step.NOTHING);
        }
        Step.Builder out = new Step.Builder();
        Hold hold = new Hold(id, replica.id(), until, owner);
        table.grant(hold, out);
        return new Answered<>(new HoldAnswer.Granted(hold, replica), done(out));
    }

    /** Moves the end of a hold; empty if it never existed or has ended. */
    public Answered<Optional<Hold>> extend(UUID id, Instant until) {
        Step.Builder out = new Step.Builder();
        Optional<Hold> extended = Optional.ofNullable(table.hold(id)).map(hold -> {
            Hold later = hold.lasting(until);
            table.grant(later, out);
            return later;
        });
        return new Answered<>(extended, done(out));
    }

    /** Notes that an image was found damaged or missing. */
    public Step lost(ReplicaId image) {
        Step.Builder out = new Step.Builder();
        ReplicaRecord replica = table.ofImage(image);
        if (replica != null && replica.isInventory()) {
            drops.lose(replica, out);
        } else if (replica != null && replica.state() == ReplicaState.PENDING) {
            registering.missing(replica);
        }
        return done(out);
    }

    /** Ends a hold, and returns whether it existed. */
    public Answered<Boolean> release(UUID id) {
        Step.Builder out = new Step.Builder();
        Hold hold = table.hold(id);
        if (hold != null) {
            table.release(hold, out);
        }
        return new Answered<>(hold != null, done(out));
    }

    /** Builds the step. Answers to requests with an idempotency key are kept in it. */
    private Step done(Step.Builder out) {
        requests.settle(out.effects(), out);
        return out.build();
    }

    /** A value for the caller, valid once the step is durable. */
    public record Answered<T>(T value, Step step) {}

    // Orders.

    private void advance(@Nullable OrderPosition read, Step.Builder out) {
        if (read != null) {
            position = read;
            out.change(new IndexChange.PutPosition(read));
        }
    }

    private @Nullable Hold over(Instant now) {
        return table.firstToEnd().filter(hold -> !hold.until().isAfter(now)).orElse(null);
    }

    private boolean isSpare(ReplicaRecord hidden) {
        return table.served(hidden.name()).map(live -> live.generation() == hidden.generation()).orElse(false);
    }
}
