package dev.spillway.worker.core;

import dev.spillway.events.EntryName;
import dev.spillway.events.EventType;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.Order;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.Attachment;
import dev.spillway.events.protocol.DiscrepancyAnswer;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.DropAnswer;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.FencedMessage;
import dev.spillway.events.protocol.HeartbeatAnswer;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.events.protocol.ReconcileAnswer;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.Sender;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.events.protocol.WorkerMessage;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    private static final int RESOLVED_AT_ONCE = 500;

    private final HostIdentity identity;
    private final HostTimes times;
    private final RandomGenerator random;
    private final ReplicaTable table;
    private final Registrations registrations = new Registrations();
    private final UseLog uses = new UseLog();
    private final Orders orders;
    private final Map<ReplicaId, DropRequest.Reason> drops = new LinkedHashMap<>();
    private final Set<ReplicaId> missing = new HashSet<>();

    private Membership membership;
    private @Nullable Position position;
    private @Nullable Sender sender;
    private @Nullable String refusal;
    private PolicySet policies = new PolicySet(0, List.of());
    private HostFigures figures = HostFigures.NONE;
    private int following = -1;
    private Instant joinAt = Instant.MIN;
    private int joinAttempts;
    private boolean joining;
    private Instant heartbeatAt = Instant.MAX;
    private boolean heartbeatSent;
    private boolean dropSent;
    private boolean touchSent;
    private Instant retryAt = Instant.MIN;
    private Instant reconcileAt = Instant.MAX;
    private @Nullable Reconciliation reconciliation;
    private Duration heartbeatEvery;
    private Duration reconcileEvery;

    /**
     * Continues from what the index holds.
     *
     * @param random makes retries of many hosts fall apart in time
     */
    public HostAgent(HostIdentity identity, HostTimes times, IndexContents stored, RandomGenerator random) {
        this.identity = identity;
        this.times = times;
        this.random = random;
        table = new ReplicaTable(identity, stored);
        orders = new Orders(identity, times, table);
        membership = stored.membership();
        position = stored.position();
        heartbeatEvery = times.retry();
        reconcileEvery = times.retry();
    }

    // Reads.

    /** The copy that readers of a key get now. */
    public Optional<ReplicaRecord> served(EntryName name) {
        return membership.suspended() ? Optional.empty() : table.served(name);
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
        return sender != null;
    }

    /** Why the registry refuses this host, with the way out; absent while it does not. */
    public Optional<String> refusal() {
        return Optional.ofNullable(refusal);
    }

    /** What an image of this namespace may not exceed; absent if the namespace is not known to have a policy. */
    public Optional<PolicySet.Entry> policy(NamespaceName namespace) {
        return policies.policies().stream().filter(policy -> policy.namespace().equals(namespace)).findFirst();
    }

    /** The policies as the registry told them last; none before the first join. */
    public PolicySet policies() {
        return policies;
    }

    public Optional<Position> position() {
        return Optional.ofNullable(position);
    }

    /** When {@link #tick} has something to do at the latest, unless another input comes before. */
    public Instant nextTick() {
        Instant next = sender == null ? (joining ? Instant.MAX : joinAt) : heartbeatAt;
        next = orders.nextRetry().isBefore(next) ? orders.nextRetry() : next;
        for (Hold hold : table.holds()) {
            next = hold.until().isBefore(next) ? hold.until() : next;
        }
        return sender != null && retryAt.isBefore(next) && retryAt.isAfter(Instant.MIN) ? retryAt : next;
    }

    // Inputs.

    /**
     * Goes on where the last process stopped.
     *
     * @param present the replicas whose images are in their places on the disk
     */
    public Step start(Instant now, Set<ReplicaId> present) {
        Step.Builder out = new Step.Builder();
        for (ReplicaRecord replica : List.copyOf(table.all())) {
            switch (replica.state()) {
                case PENDING -> {
                    registrations.found(replica);
                    if (!present.contains(replica.id())) {
                        missing.add(replica.id());
                    }
                }
                case LIVE, HIDDEN -> {
                    if (!present.contains(replica.id())) {
                        lose(replica, out);
                    } else if (replica.state() == ReplicaState.HIDDEN && isSpare(replica)) {
                        drops.put(replica.id(), DropRequest.Reason.BOUNDS);
                    }
                }
                case DOOMED -> table.releaseIfUnheld(replica.id(), out);
                case TRASH -> out.effect(new Effect.Unlink(replica.id()));
                case GONE -> {}
            }
        }
        join(now, out);
        return out.build();
    }

    /** Does what is due by now. */
    public Step tick(Instant now) {
        Step.Builder out = new Step.Builder();
        for (Hold hold : List.copyOf(table.holds())) {
            if (!hold.until().isAfter(now)) {
                table.release(hold, out);
            }
        }
        orders.retry(now, out);
        if (sender == null) {
            if (!joining && !joinAt.isAfter(now)) {
                join(now, out);
            }
            return out.build();
        }
        if (!retryAt.isAfter(now)) {
            retryAt = now.plus(times.retry());
            sendWaiting(sender, out);
        }
        if (!heartbeatAt.isAfter(now)) {
            heartbeatAt = now.plus(heartbeatEvery);
            flushUses(sender, out);
            if (!heartbeatSent) {
                heartbeatSent = true;
                out.effect(new Effect.Send(new HeartbeatRequest(sender, figures, orders.unacknowledged(), policies.version())));
            }
        }
        if (!reconcileAt.isAfter(now) && reconciliation == null) {
            reconcile(sender, out);
        }
        return out.build();
    }

    /** Orders may have been missed: compares everything with the registry as soon as that is possible. */
    public void reconcileSoon(Instant now) {
        if (sender != null && reconciliation == null && reconcileAt.isAfter(now)) {
            reconcileAt = now;
        }
    }

    /** What the next heartbeats say of this host. */
    public void describe(HostFigures latest) {
        figures = latest;
    }

    /** Takes an image that is whole and in its place, and registers it. */
    public Step offer(Instant now, Offer offer) {
        Step.Builder out = new Step.Builder();
        ReplicaRecord pending = new ReplicaRecord(offer.id(), offer.name(), offer.snapshotId(), offer.generation(), offer.sizeBytes(),
                offer.description(), ReplicaState.PENDING, false, 0, now, now);
        table.pending(pending, out);
        registrations.queue(pending);
        if (sender != null) {
            sendRegistration(sender, offer.name(), out);
        }
        return out.build();
    }

    /** Whoever offered it waits no longer: what was surely not registered goes away again, everything else stays pending. */
    public Step giveUp(ReplicaId id) {
        Step.Builder out = new Step.Builder();
        ReplicaRecord replica = table.get(id);
        if (replica != null && replica.state() == ReplicaState.PENDING && registrations.isQueued(id)) {
            end(replica, new PutOutcome.NotRegistered("the registry could not be reached in time"), out);
        } else {
            out.effect(new Effect.Settle(id, new PutOutcome.Unknown()));
        }
        return out.build();
    }

    /** Counts local reads, in the order of use. */
    public void used(EntryName name, long hits) {
        uses.hit(name, hits);
    }

    public void missed(NamespaceName namespace, long misses) {
        uses.missed(namespace, misses);
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
        if (message instanceof FencedMessage<?> fenced && delivery instanceof Delivery.Replied<?>(Reply.Fenced<?> ignored)) {
            unanswered(now, message);
            if (fenced.sender().equals(sender)) {
                sender = null;
                join(now, out);
            }
            return out.build();
        }
        switch (delivery) {
            case Delivery.Replied<?>(Reply.Accepted<?>(Object answer)) -> answered(now, message, answer, out);
            case Delivery.Replied<?>(Reply.Fenced<?>(String why)) -> joinFailed(now);
            case Delivery.NotDelivered<?> ignored -> {
                if (message instanceof RegisterRequest register) {
                    register.items().forEach(item -> registrations.notDelivered(item.replicaId()));
                } else if (message instanceof AttachRequest attach) {
                    attach.items().forEach(item -> registrations.notDelivered(item.replicaId()));
                }
                unanswered(now, message);
            }
            case Delivery.Lost<?> ignored -> unanswered(now, message);
        }
        return out.build();
    }

    /**
     * An order came.
     *
     * @param read how far the orders are read once this one is decided; absent for an order that came in a heartbeat's answer
     */
    public Step ordered(Instant now, Order order, @Nullable Position read) {
        Step.Builder out = new Step.Builder();
        obey(order, out);
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
    public Step trashed(ReplicaId id) {
        Step.Builder out = new Step.Builder();
        ReplicaRecord replica = table.get(id);
        if (replica != null && replica.state() == ReplicaState.DOOMED) {
            table.trashed(replica, out);
        }
        return out.build();
    }

    /** Nothing of an image is left on the disk. */
    public Step unlinked(ReplicaId id, long bytesFreed) {
        Step.Builder out = new Step.Builder();
        ReplicaRecord replica = table.get(id);
        if (replica != null && replica.state() == ReplicaState.TRASH) {
            table.unlinked(replica, bytesFreed, out);
        }
        return out.build();
    }

    /** Renaming or unlinking failed; it is tried again, and the registry hears of it. */
    public Step removalFailed(Instant now, ReplicaId id, String why) {
        Step.Builder out = new Step.Builder();
        orders.failed(now, id, why, out);
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

    // Joining.

    private void join(Instant now, Step.Builder out) {
        joining = true;
        joinAt = now;
        heartbeatSent = false;
        dropSent = false;
        touchSent = false;
        reconciliation = null;
        out.effect(new Effect.Send(new JoinRequest(identity.hostId(), identity.storeId(), identity.address(), List.of(EventType.VERSION),
                membership.registryId(), membership.epoch(), membership.highestGeneration())));
    }

    private void joinFailed(Instant now) {
        joining = false;
        long millis = Math.min(times.joinRetryMax().toMillis(), times.retry().toMillis() << Math.min(joinAttempts++, 10));
        joinAt = now.plusMillis(millis / 2 + random.nextLong(millis / 2 + 1));
    }

    private void joined(Instant now, JoinAnswer answer, Step.Builder out) {
        if (sender != null || !joining) {
            return;
        }
        switch (answer) {
            case JoinAnswer.Refused refused -> {
                refusal = refused.reason() + ": " + refused.detail();
                if (nobodyTellsOfEvictions(refused.reason())) {
                    remember(membership.suspended(true), out);
                }
                joinFailed(now);
            }
            case JoinAnswer.Joined joined -> {
                joining = false;
                joinAttempts = 0;
                refusal = null;
                remember(membership.joined(joined.registryId(), joined.epoch(), joined.incarnation(), joined.reconcileFirst()), out);
                sender = new Sender(identity.hostId(), identity.storeId(), joined.registryId(), joined.epoch(), joined.incarnation());
                policies = joined.policies();
                heartbeatEvery = joined.intervals().heartbeat();
                reconcileEvery = joined.intervals().reconcile();
                heartbeatAt = now;
                retryAt = now.plus(times.retry());
                reconcileAt = now;
                follow(joined.partition(), out);
                sendWaiting(sender, out);
            }
        }
    }

    /** Whether what this store holds may be evicted without this host ever hearing of it. */
    private static boolean nobodyTellsOfEvictions(JoinAnswer.Reason reason) {
        return switch (reason) {
            case RETIRED, STORE_IN_USE -> true;
            case HOST_ID_IN_USE, NEW_STORE, OTHER_REGISTRY, REGISTRY_BEHIND, NO_COMMON_VERSION -> false;
        };
    }

    private void remember(Membership changed, Step.Builder out) {
        if (!changed.equals(membership)) {
            membership = changed;
            out.change(new IndexChange.PutMembership(membership));
        }
    }

    private void follow(int partition, Step.Builder out) {
        if (following != partition) {
            following = partition;
            out.effect(new Effect.Follow(partition));
        }
    }

    // Answers.

    private void answered(Instant now, WorkerMessage<?> message, Object answer, Step.Builder out) {
        switch (message) {
            case JoinRequest ignored -> joined(now, (JoinAnswer) answer, out);
            case RegisterRequest ignored -> settle((ReplicaOutcomes) answer, out);
            case AttachRequest ignored -> settle((ReplicaOutcomes) answer, out);
            case ResolveRequest ignored -> settle((ReplicaOutcomes) answer, out);
            case DropRequest drop -> dropped(drop, (DropAnswer) answer, out);
            case TouchRequest ignored -> touched(out);
            case HeartbeatRequest heartbeat -> heard(now, heartbeat, (HeartbeatAnswer) answer, out);
            case ReconcileRequest request -> compare(now, request, (ReconcileAnswer) answer, out);
            case DiscrepancyRequest ignored -> reconciled(now, (DiscrepancyAnswer) answer, out);
        }
    }

    /** Undoes what was waiting for the answer, so that it is asked again. */
    private void unanswered(Instant now, WorkerMessage<?> message) {
        switch (message) {
            case JoinRequest ignored -> joinFailed(now);
            case RegisterRequest register -> register.items().forEach(item -> registrations.unanswered(item.replicaId()));
            case AttachRequest attach -> attach.items().forEach(item -> registrations.unanswered(item.replicaId()));
            case ResolveRequest resolve -> resolve.replicaIds().forEach(registrations::unanswered);
            case DropRequest ignored -> dropSent = false;
            case TouchRequest ignored -> touchSent = false;
            case HeartbeatRequest ignored -> heartbeatSent = false;
            case ReconcileRequest ignored -> reconcileLater(now);
            case DiscrepancyRequest ignored -> reconcileLater(now);
        }
    }

    private void settle(ReplicaOutcomes answer, Step.Builder out) {
        for (ReplicaOutcome outcome : answer.outcomes()) {
            ReplicaRecord replica = table.get(outcome.replicaId());
            if (replica == null || replica.state() != ReplicaState.PENDING) {
                continue;
            }
            switch (outcome) {
                case ReplicaOutcome.Registered registered -> registered(replica, registered, out);
                case ReplicaOutcome.Refused refused -> end(replica, new PutOutcome.Refused(refused.reason(), refused.detail()), out);
                case ReplicaOutcome.Gone ignored -> end(replica, new PutOutcome.Gone(), out);
                case ReplicaOutcome.Ended ignored -> end(replica, new PutOutcome.NotRegistered("its registration did not arrive"), out);
            }
        }
    }

    private void registered(ReplicaRecord pending, ReplicaOutcome.Registered registered, Step.Builder out) {
        remember(membership.seen(registered.generation()), out);
        table.registered(pending, registered.snapshotId(), registered.generation(), out)
                .ifPresent(spare -> drops.put(spare.id(), DropRequest.Reason.BOUNDS));
        if (missing.remove(pending.id())) {
            ReplicaRecord live = table.get(pending.id());
            if (live != null) {
                lose(live, out);
            }
        }
        out.effect(new Effect.Settle(pending.id(),
                new PutOutcome.Stored(registered.snapshotId(), registered.generation(), registered.evicted())));
        next(pending, out);
    }

    /** A replica that never became registered goes without an order. */
    private void end(ReplicaRecord pending, PutOutcome outcome, Step.Builder out) {
        missing.remove(pending.id());
        table.doom(pending, false, out);
        out.effect(new Effect.Settle(pending.id(), outcome));
        next(pending, out);
    }

    private void next(ReplicaRecord settled, Step.Builder out) {
        registrations.settled(settled);
        if (sender != null) {
            sendRegistration(sender, settled.name(), out);
        }
    }

    private void dropped(DropRequest drop, DropAnswer answer, Step.Builder out) {
        dropSent = false;
        drop.items().forEach(item -> drops.remove(item.replicaId()));
        for (ReplicaId id : answer.closed()) {
            ReplicaRecord replica = table.get(id);
            if (replica != null && replica.isInventory()) {
                table.doom(replica, false, out);
            }
        }
    }

    private void touched(Step.Builder out) {
        touchSent = false;
        if (sender != null) {
            for (EntryName name : registrations.ready()) {
                sendRegistration(sender, name, out);
            }
        }
    }

    private void heard(Instant now, HeartbeatRequest request, HeartbeatAnswer answer, Step.Builder out) {
        heartbeatSent = false;
        if (!request.sender().equals(sender)) {
            return;
        }
        orders.acknowledged(answer.acknowledged(), out);
        answer.orders().forEach(order -> obey(order, out));
        if (answer.policies() != null) {
            policies = answer.policies();
        }
        follow(answer.partition(), out);
        if (answer.reconcile() && reconcileAt.isAfter(now)) {
            reconcileAt = now;
        }
    }

    // Sending.

    private void sendWaiting(Sender as, Step.Builder out) {
        List<ReplicaId> unsure = registrations.resolveNext(RESOLVED_AT_ONCE);
        if (!unsure.isEmpty()) {
            out.effect(new Effect.Send(new ResolveRequest(as, unsure)));
        }
        for (EntryName name : registrations.ready()) {
            sendRegistration(as, name, out);
        }
        if (!drops.isEmpty() && !dropSent) {
            dropSent = true;
            out.effect(new Effect.Send(new DropRequest(as,
                    drops.entrySet().stream().map(drop -> new DropRequest.Drop(drop.getKey(), drop.getValue())).toList())));
        }
    }

    /** Uses before a put count before it, so the put waits for the answer to the touch that carries them. */
    private void sendRegistration(Sender as, EntryName name, Step.Builder out) {
        flushUses(as, out);
        ReplicaId id = touchSent ? null : registrations.toSend(name);
        ReplicaRecord replica = id == null ? null : table.get(id);
        if (replica == null) {
            return;
        }
        registrations.sent(replica.id());
        out.effect(new Effect.Send(replica.generation() == 0
                ? new RegisterRequest(as,
                        List.of(new Registration(replica.id(), name.namespace(), name.key(), replica.snapshotId(), replica.sizeBytes(),
                                replica.description())))
                : new AttachRequest(as,
                        List.of(new Attachment(replica.id(), name.namespace(), name.key(), replica.generation(), replica.sizeBytes())))));
    }

    private void flushUses(Sender as, Step.Builder out) {
        if (!uses.isEmpty() && !touchSent) {
            touchSent = true;
            out.effect(new Effect.Send(uses.drain(as)));
        }
    }

    // Orders.

    private void obey(Order order, Step.Builder out) {
        if (!order.hostId().equals(identity.hostId()) || !order.storeId().equals(identity.storeId())) {
            return;
        }
        ReplicaRecord replica = table.get(order.replicaId());
        if (replica == null) {
            orders.absent(order, out);
        } else if (replica.state() == ReplicaState.PENDING) {
            // An order proves that the registration arrived.
            table.doom(replica, true, out);
            out.effect(new Effect.Settle(replica.id(), new PutOutcome.Evicted()));
            next(replica, out);
        } else {
            drops.remove(replica.id());
            orders.obey(replica, out);
        }
    }

    private void advance(@Nullable Position read, Step.Builder out) {
        if (read != null) {
            position = read;
            out.change(new IndexChange.PutPosition(read));
        }
    }

    private void lose(ReplicaRecord replica, Step.Builder out) {
        if (replica.state() == ReplicaState.LIVE) {
            table.hide(replica, out);
        }
        drops.put(replica.id(), DropRequest.Reason.LOST);
    }

    private boolean isSpare(ReplicaRecord hidden) {
        return table.served(hidden.name()).map(live -> live.generation() == hidden.generation()).orElse(false);
    }

    // Reconciliation.

    private void reconcile(Sender as, Step.Builder out) {
        reconciliation = new Reconciliation(table);
        out.effect(new Effect.Send(new ReconcileRequest(as, null)));
    }

    private void compare(Instant now, ReconcileRequest request, ReconcileAnswer answer, Step.Builder out) {
        Reconciliation current = reconciliation;
        if (current == null || !request.sender().equals(sender)) {
            return;
        }
        current.add(answer.rows());
        if (!answer.last()) {
            out.effect(new Effect.Send(new ReconcileRequest(request.sender(), answer.rows().getLast())));
            return;
        }
        List<ReplicaRecord> orphans = current.orphans();
        if (membership.suspended()) {
            // Given up by the registry once: what it does not know any more must not be served when serving starts again.
            orphans.stream().filter(orphan -> orphan.state() == ReplicaState.LIVE).forEach(orphan -> table.hide(orphan, out));
        }
        out.effect(new Effect.Send(current.discrepancies(request.sender(), orphans)));
        reconcileAt = now.plus(jittered(reconcileEvery));
    }

    private void reconciled(Instant now, DiscrepancyAnswer answer, Step.Builder out) {
        reconciliation = null;
        remember(membership.suspended(false), out);
        if (answer.waiting() > 0) {
            // The second look is wanted as soon as the grace period allows, which the usual interval gives.
            reconcileAt = reconcileAt.isAfter(now.plus(reconcileEvery)) ? now.plus(reconcileEvery) : reconcileAt;
        }
    }

    private void reconcileLater(Instant now) {
        reconciliation = null;
        reconcileAt = now.plus(times.retry());
    }

    private Duration jittered(Duration interval) {
        return Duration.ofMillis((long) (interval.toMillis() * (0.5 + random.nextDouble())));
    }
}
