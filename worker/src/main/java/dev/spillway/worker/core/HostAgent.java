package dev.spillway.worker.core;

import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.Order;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.events.protocol.Sender;
import dev.spillway.events.protocol.WorkerMessage;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One host's side of the protocol. Whoever runs it feeds it every input one after the other, makes the changes of each step durable, and only
 * then carries out the effects. It is not thread-safe, waits for nothing and may be driven by a simulation as well as by a real host.
 */
public final class HostAgent {
    private final ReplicaTable table;
    private final RegistrySession session;
    private final Drops drops;
    private final Registering registering;
    private final Reconciling reconciling;
    private final Orders orders;
    private final Heartbeats heartbeats;
    private final Correspondence correspondence;

    private @Nullable Position position;

    /**
     * Continues from what the index holds.
     *
     * @param random makes retries of many hosts fall apart in time
     */
    public HostAgent(HostIdentity identity, HostTimes times, IndexContents stored, RandomGenerator random) {
        table = new ReplicaTable(identity, stored);
        session = new RegistrySession(identity, times, stored.membership(), random);
        drops = new Drops(table);
        registering = new Registering(table, session, drops);
        Readopting readopting = new Readopting(table, session, drops, times, random);
        reconciling = new Reconciling(table, drops, session, times, random);
        orders = new Orders(identity, times, table, registering, drops);
        heartbeats = new Heartbeats(session, orders, reconciling, times);
        correspondence = new Correspondence(session, registering, drops, readopting, reconciling, heartbeats, times);
        position = stored.position();
    }

    // Reads.

    /** The copy that readers of a key get now. */
    public Optional<ReplicaRecord> served(EntryName name) {
        return session.membership().suspended() ? Optional.empty() : table.served(name);
    }

    /** All replicas in the index, in whatever state; not to be kept beyond the next input. */
    public Collection<ReplicaRecord> replicas() {
        return table.all();
    }

    public Collection<Hold> holds() {
        return table.holds();
    }

    /** Whether the registry takes this host's messages now. */
    public boolean isJoined() {
        return session.isJoined();
    }

    /** Whether what this process found in its store was compared with the registry: until then the store may be an older copy. */
    public boolean hasCompared() {
        return reconciling.hasCompared();
    }

    /** Whether this host takes nothing new, because the registry wants it to hold less and less. */
    public boolean isDraining() {
        return session.isDraining();
    }

    /** Why the registry refuses this host, with the way out; absent while it does not. */
    public Optional<String> refusal() {
        return session.refusal();
    }

    /** What an image of this namespace may not exceed; absent if the namespace is not known to have a policy. */
    public Optional<PolicySet.Entry> policy(NamespaceName namespace) {
        return policies().policies().stream().filter(policy -> policy.namespace().equals(namespace)).findFirst();
    }

    /** The policies as the registry told them last; none before the first join. */
    public PolicySet policies() {
        return heartbeats.policies();
    }

    public Optional<Position> position() {
        return Optional.ofNullable(position);
    }

    /** When {@link #tick} has something to do at the latest, unless another input comes before. */
    public Instant nextTick() {
        Instant next = correspondence.nextTick();
        next = orders.nextRetry().isBefore(next) ? orders.nextRetry() : next;
        Instant end = table.firstToEnd().map(Hold::until).orElse(next);
        return end.isBefore(next) ? end : next;
    }

    // Inputs.

    /**
     * Goes on where the last process stopped.
     *
     * @param present the images that are in their places on the disk, by the ids that they are named by
     */
    public Step start(Instant now, Set<ReplicaId> present) {
        Step.Builder out = new Step.Builder();
        for (ReplicaRecord replica : List.copyOf(table.all())) {
            switch (replica.state()) {
                case PENDING -> registering.found(replica, present.contains(replica.image()));
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
                        // The volume was away when it was deleted, and came back with the image in its old place.
                        table.doom(replica, false, out);
                    } else if (replica.state() == ReplicaState.TRASH) {
                        out.effect(new Effect.Unlink(replica.image()));
                    }
                }
            }
        }
        correspondence.join(now, out);
        return out.build();
    }

    /** Does what is due by now. */
    public Step tick(Instant now) {
        Step.Builder out = new Step.Builder();
        for (Hold over = over(now); over != null; over = over(now)) {
            table.release(over, out);
        }
        orders.retry(now, out);
        correspondence.tick(now, out);
        return out.build();
    }

    /** Orders may have been missed: compares everything with the registry as soon as that is possible. */
    public void reconcileSoon(Instant now) {
        if (session.isJoined() && !reconciling.isUnderWay()) {
            reconciling.soon(now);
        }
    }

    /** What the next heartbeats say of this host. */
    public void describe(HostFigures latest) {
        heartbeats.describe(latest);
    }

    /** Takes an image that is whole and in its place, and registers it. */
    public Step offer(Instant now, Offer offer) {
        Step.Builder out = new Step.Builder();
        ReplicaRecord pending = new ReplicaRecord(offer.id(), offer.name(), offer.snapshotId(), offer.generation(), offer.sizeBytes(),
                offer.description(), ReplicaState.PENDING, false, 0, now, now);
        registering.offer(now, pending, out);
        return out.build();
    }

    /** Whoever offered it waits no longer: what was surely not registered goes away again, everything else stays pending. */
    public Step giveUp(Instant now, ReplicaId id) {
        Step.Builder out = new Step.Builder();
        registering.giveUp(now, id, out);
        return out.build();
    }

    /**
     * Counts local reads, in the order of use.
     *
     * @param at of the latest of them
     */
    public void used(EntryName name, long hits, Instant at) {
        registering.used(name, hits, at);
    }

    public void missed(NamespaceName namespace, long misses) {
        registering.missed(namespace, misses);
    }

    /** Tells the registry now of the reads that it has not acknowledged, if it takes messages: this host is about to stop. */
    public Step tellUses(Instant now) {
        Step.Builder out = new Step.Builder();
        Sender sender = session.sender();
        if (sender != null) {
            registering.sendUses(now, sender, out);
        }
        return out.build();
    }

    /** Whether there are reads that the registry takes and has not acknowledged. */
    public boolean hasUsesToTell() {
        return session.isJoined() && registering.hasUsesToTell();
    }

    /** Remembers when a replica was last read. */
    public Step accessed(EntryName name, Instant at) {
        Step.Builder out = new Step.Builder();
        table.served(name).ifPresent(replica -> table.accessed(replica, at, out));
        return out.build();
    }

    /** The registry evicted this snapshot of a key at a caller's request: it is not served any more, although its order is still to come. */
    public Step evictedElsewhere(EntryName name, SnapshotId snapshot) {
        Step.Builder out = new Step.Builder();
        table.served(name).filter(replica -> replica.snapshotId().equals(snapshot)).ifPresent(replica -> table.hide(replica, out));
        return out.build();
    }

    /** A message was answered, or will not be. */
    public Step delivered(Instant now, WorkerMessage<?> message, Delivery<?> delivery) {
        Step.Builder out = new Step.Builder();
        correspondence.delivered(now, message, delivery, out);
        return out.build();
    }

    /**
     * An order came.
     *
     * @param read how far the orders are read once this one is decided; absent for an order that came in a heartbeat's answer
     */
    public Step ordered(Instant now, Order order, @Nullable Position read) {
        Step.Builder out = new Step.Builder();
        orders.obey(now, order, out);
        advance(read, out);
        return out.build();
    }

    /** A record of the orders was passed over: it is nobody's order, or one that cannot be read, which {@code report} then says. */
    public Step passedOver(Position read, @Nullable ReplicaId notUnderstood, String why) {
        Step.Builder out = new Step.Builder();
        if (notUnderstood != null) {
            orders.notUnderstood(notUnderstood, why, out);
        }
        advance(read, out);
        return out.build();
    }

    /** An image is in the trash, or was nowhere. */
    public Step trashed(ReplicaId image) {
        Step.Builder out = new Step.Builder();
        ReplicaRecord replica = table.ofImage(image);
        if (replica != null && replica.state() == ReplicaState.DOOMED) {
            table.trashed(replica, out);
        }
        return out.build();
    }

    /** Nothing of an image is left on the disk. */
    public Step unlinked(ReplicaId image, long bytesFreed) {
        Step.Builder out = new Step.Builder();
        ReplicaRecord replica = table.ofImage(image);
        if (replica != null && replica.state() == ReplicaState.TRASH) {
            table.unlinked(replica, bytesFreed, out);
        }
        return out.build();
    }

    /** Renaming or unlinking failed; it is tried again, and the registry hears of it. */
    public Step removalFailed(Instant now, ReplicaId image, String why) {
        Step.Builder out = new Step.Builder();
        ReplicaRecord replica = table.ofImage(image);
        if (replica != null) {
            orders.failed(now, replica.id(), why, out);
        }
        return out.build();
    }

    /**
     * Promises that the served copy of a key stays whole until a time.
     *
     * @return the hold and the copy, to be given out once the step is durable; empty if no copy is served
     */
    public Answered<Optional<Granted>> hold(UUID id, EntryName name, Instant until) {
        Step.Builder out = new Step.Builder();
        Optional<Granted> granted = served(name).map(replica -> {
            Hold hold = new Hold(id, replica.id(), until);
            table.grant(hold, out);
            return new Granted(hold, replica);
        });
        return new Answered<>(granted, out.build());
    }

    /** Moves the end of a hold. Empty if there is no such hold, or none any more. */
    public Answered<Optional<Hold>> extend(UUID id, Instant until) {
        Step.Builder out = new Step.Builder();
        Optional<Hold> extended = Optional.ofNullable(table.hold(id)).map(hold -> {
            Hold later = new Hold(id, hold.replicaId(), until);
            table.grant(later, out);
            return later;
        });
        return new Answered<>(extended, out.build());
    }

    /** Ends a hold. Whether there was one. */
    public Answered<Boolean> release(UUID id) {
        Step.Builder out = new Step.Builder();
        Hold hold = table.hold(id);
        if (hold != null) {
            table.release(hold, out);
        }
        return new Answered<>(hold != null, out.build());
    }

    /** A value for whoever asked, true once the step is durable. */
    public record Answered<T>(T value, Step step) {}

    public record Granted(Hold hold, ReplicaRecord replica) {}

    // Orders.

    private void advance(@Nullable Position read, Step.Builder out) {
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
