package dev.spillway.worker.core;

import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.Attachment;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.Sender;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.worker.core.model.ArtifactInfo;
import dev.spillway.worker.core.model.Effect;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import dev.spillway.worker.core.model.Step;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Follows each offer until the registry answers. It sends registrations, resolves unanswered ones, and serves or ends a replica by the answer. It
 * also reports uses, because uses before a put must reach the registry before the put. Not thread-safe.
 */
final class Registering {
    private static final int RESOLVED_AT_ONCE = 500;
    private static final int REGISTERED_AT_ONCE = 500;

    private final HostReplicas table;
    private final RegistrySession session;
    private final ReplicaDrops drops;
    private final Registrations registrations = new Registrations();
    private final UseLog uses = new UseLog();
    private final Set<ReplicaId> missing = new HashSet<>();
    private final RandomGenerator random;
    /** The message under way that registers artifacts. */
    private @Nullable WorkerMessage<?> bulk;

    Registering(HostReplicas table, RegistrySession session, ReplicaDrops drops, RandomGenerator random) {
        this.table = table;
        this.session = session;
        this.drops = drops;
        this.random = random;
    }

    /** Takes over a replica that an earlier process left pending. */
    void found(ReplicaRecord pending, boolean present) {
        registrations.found(pending);
        if (!present) {
            missing.add(pending.id());
        }
    }

    void offer(Instant now, ReplicaRecord pending, Step.Builder out) {
        table.pending(pending, out);
        registrations.queue(pending);
        if (pending.artifact() == null) {
            sendNext(now, pending.name(), out);
        } else {
            sendArtifacts(now, out);
        }
    }

    /** Notes that a pending replica's image is not in its place. */
    void missing(ReplicaRecord pending) {
        missing.add(pending.id());
    }

    /** Removes a replica that was surely not registered, and returns whether it was. */
    boolean giveUp(Instant now, ReplicaId id, Step.Builder out) {
        ReplicaRecord replica = table.get(id);
        if (replica == null || replica.state() != ReplicaState.PENDING || replica.artifact() != null || !registrations.isQueued(id)) {
            return false;
        }
        end(now, replica, new PutOutcome.NotRegistered("the registry could not be reached in time"), out);
        return true;
    }

    // Answers.

    void settle(Instant now, ReplicaOutcomes answer, Step.Builder out) {
        for (ReplicaOutcome outcome : answer.outcomes()) {
            ReplicaRecord replica = table.get(outcome.replicaId());
            if (replica == null || replica.state() != ReplicaState.PENDING) {
                continue;
            }
            switch (outcome) {
                case ReplicaOutcome.Registered registered -> registered(now, replica, registered, out);
                case ReplicaOutcome.Refused refused -> {
                    if (refused.reason() == ReplicaOutcome.Reason.DRAINING) {
                        session.drains(true);
                    }
                    end(now, replica, new PutOutcome.Refused(refused.reason(), refused.detail()), out);
                }
                case ReplicaOutcome.Superseded ignored -> {
                    // This answer is for readopted replicas, which are never pending.
                }
                case ReplicaOutcome.Gone ignored -> end(now, replica, new PutOutcome.Gone(), out);
                case ReplicaOutcome.Ended ignored -> {
                    // If the store is an older copy, this replica may have been registered and replaced after the copy was made.
                    if (replica.artifact() != null && !missing.contains(replica.id()) && !session.membership().suspended()) {
                        offerAgain(now, replica, out);
                    } else {
                        end(now, replica, new PutOutcome.NotRegistered("its registration did not arrive"), out);
                    }
                }
            }
        }
    }

    /** Offers an artifact again under a new id, because the former one is used up. A caller that still waits learns that the outcome is unknown. */
    private void offerAgain(Instant now, ReplicaRecord ended, Step.Builder out) {
        ReplicaRecord again = table.mintedAnew(ended, ReplicaId.mint(now, random), out);
        out.effect(new Effect.Settle(ended.id(), new PutOutcome.Unknown()));
        registrations.queueInPlaceOf(ended, again);
    }

    private void registered(Instant now, ReplicaRecord pending, ReplicaOutcome.Registered registered, Step.Builder out) {
        session.saw(registered.generation(), out);
        table.registered(pending, registered.snapshotId(), registered.generation(), session.membership().epoch(), out)
                .ifPresent(spare -> drops.spare(spare.id()));
        if (missing.remove(pending.id())) {
            ReplicaRecord live = table.get(pending.id());
            if (live != null) {
                drops.lose(live, out);
            }
        }
        out.effect(
                new Effect.Settle(
                        pending.id(),
                        new PutOutcome.Stored(registered.snapshotId(), registered.generation(), registered.evicted())));
        settled(now, pending, out);
    }

    /** Ends a replica that was never registered. It needs no order. */
    private void end(Instant now, ReplicaRecord pending, PutOutcome outcome, Step.Builder out) {
        missing.remove(pending.id());
        table.doom(pending, false, out);
        out.effect(new Effect.Settle(pending.id(), outcome));
        settled(now, pending, out);
    }

    /** Settles a pending replica by its order, which proves that the registration arrived. */
    void evicted(Instant now, ReplicaRecord pending, Step.Builder out) {
        table.doom(pending, true, out);
        out.effect(new Effect.Settle(pending.id(), new PutOutcome.Evicted()));
        settled(now, pending, out);
    }

    private void settled(Instant now, ReplicaRecord pending, Step.Builder out) {
        registrations.settled(pending);
        if (pending.artifact() == null) {
            sendNext(now, pending.name(), out);
        }
    }

    /** Notes that a message was answered or has failed. */
    void ended(WorkerMessage<?> message) {
        if (message.equals(bulk)) {
            bulk = null;
        }
    }

    void notDelivered(RegisterRequest register) {
        register.items().forEach(item -> registrations.notDelivered(item.replicaId()));
    }

    void notDelivered(AttachRequest attach) {
        attach.items().forEach(item -> registrations.notDelivered(item.replicaId()));
    }

    void unanswered(RegisterRequest register) {
        register.items().forEach(item -> registrations.unanswered(item.replicaId()));
    }

    void unanswered(AttachRequest attach) {
        attach.items().forEach(item -> registrations.unanswered(item.replicaId()));
    }

    void unanswered(ResolveRequest resolve) {
        resolve.replicaIds().forEach(registrations::unanswered);
    }

    // Uses.

    void used(EntryName name, long hits, Instant at, @Nullable GroupName group) {
        uses.hit(name, hits, at, group);
    }

    void missed(NamespaceName namespace, long misses) {
        uses.missed(namespace, misses);
    }

    /** Reports again the uses in the index, because the registry may not know them; also those of images that are missing now. */
    void recallUses() {
        Queue<ReplicaRecord> latest = new PriorityQueue<>(Comparator.comparing(ReplicaRecord::lastAccessedAt));
        for (ReplicaRecord replica : table.all()) {
            boolean shown = replica.state() == ReplicaState.LIVE || replica.state() == ReplicaState.HIDDEN && replica.imageAwaited();
            if (shown && !replica.lastAccessedAt().equals(replica.cachedAt())) {
                latest.add(replica);
                if (latest.size() > UseLog.KEYS_MAX) {
                    latest.remove();
                }
            }
        }
        Map<EntryName, Instant> lastUsed = new LinkedHashMap<>();
        latest.forEach(
                replica -> lastUsed.merge(replica.name(), replica.lastAccessedAt(), (one, other) -> one.isAfter(other) ? one : other));
        uses.recall(lastUsed);
    }

    boolean hasUsesToTell() {
        return !uses.isEmpty(registrations::isPending) || uses.isUnderWay();
    }

    void sendUses(Instant now, Sender as, Step.Builder out) {
        if (!uses.isEmpty(registrations::isPending) && !uses.isUnderWay()) {
            out.effect(new Effect.Send(uses.tell(as, now, registrations::isPending)));
        }
    }

    /** Queues unanswered uses again, for the registry that this host joins. */
    void usesUnanswered() {
        uses.giveUp();
    }

    void usesUnanswered(TouchRequest touch) {
        uses.unanswered(touch);
    }

    void usesCounted(TouchRequest touch) {
        uses.acknowledged(touch);
    }

    /** Sends the registrations that waited for a touch, which was answered or has failed. They do not wait for later uses. */
    void sendReady(Step.Builder out) {
        Sender as = session.sender();
        if (as != null) {
            registrations.ready().forEach(name -> sendRegistration(as, name, out));
            sendBulk(as, out);
        }
    }

    // Sending.

    /** Asks about registrations without an answer, and sends those that wait. */
    void send(Instant now, Sender as, Step.Builder out) {
        List<ReplicaId> unsure = registrations.resolveNext(RESOLVED_AT_ONCE);
        if (!unsure.isEmpty()) {
            out.effect(new Effect.Send(new ResolveRequest(as, unsure)));
        }
        registrations.ready().forEach(name -> sendNext(now, name, out));
        sendArtifacts(now, out);
    }

    /** Registers the artifacts that wait, many with one message. While a message is under way, the next artifacts gather. */
    void sendArtifacts(Instant now, Step.Builder out) {
        Sender as = session.sender();
        if (as == null || bulk != null || registrations.readyArtifacts(1).isEmpty()) {
            return;
        }
        sendUses(now, as, out);
        if (!uses.isUnderWay()) {
            sendBulk(as, out);
        }
    }

    private void sendBulk(Sender as, Step.Builder out) {
        List<EntryName> names = bulk == null ? registrations.readyArtifacts(REGISTERED_AT_ONCE) : List.of();
        if (!names.isEmpty()) {
            bulk = message(as, names);
            out.effect(new Effect.Send(bulk));
        }
    }

    /** Puts the next replica of each key into one message. It takes registrations only, or attachments only, as the first replica is. */
    private WorkerMessage<?> message(Sender as, List<EntryName> names) {
        List<ReplicaRecord> next = names.stream()
                .map(registrations::toSend)
                .filter(Objects::nonNull)
                .map(table::get)
                .filter(Objects::nonNull)
                .toList();
        boolean register = next.getFirst().generation() == 0;
        List<ReplicaRecord> taken = next.stream().filter(replica -> (replica.generation() == 0) == register).toList();
        taken.forEach(replica -> registrations.sent(replica.id()));
        return register ? new RegisterRequest(as, taken.stream().map(Registering::registration).toList())
                : new AttachRequest(as, taken.stream().map(Registering::attachment).toList());
    }

    /**
     * Sends the next put of a key. Uses before the put must count before it, so the put waits until the touch with them is answered or has failed.
     */
    private void sendNext(Instant now, EntryName name, Step.Builder out) {
        @Nullable
        Sender as = session.sender();
        if (as == null) {
            return;
        }
        sendUses(now, as, out);
        if (!uses.isUnderWay()) {
            sendRegistration(as, name, out);
        }
    }

    private void sendRegistration(Sender as, EntryName name, Step.Builder out) {
        ReplicaId id = registrations.toSend(name);
        ReplicaRecord replica = id == null ? null : table.get(id);
        if (replica == null) {
            return;
        }
        registrations.sent(replica.id());
        out.effect(
                new Effect.Send(
                        replica.generation() == 0 ? new RegisterRequest(as, List.of(registration(replica)))
                                : new AttachRequest(as, List.of(attachment(replica)))));
    }

    private static Registration registration(ReplicaRecord replica) {
        ArtifactInfo artifact = replica.artifact();
        return new Registration(
                replica.id(),
                replica.name().namespace(),
                replica.name().key(),
                replica.snapshotId(),
                replica.sizeBytes(),
                replica.description(),
                artifact == null ? null : artifact.content(),
                artifact == null ? null : artifact.group());
    }

    private static Attachment attachment(ReplicaRecord replica) {
        return new Attachment(
                replica.id(),
                replica.name().namespace(),
                replica.name().key(),
                replica.generation(),
                replica.sizeBytes(),
                copied(replica));
    }

    /** Returns the image that a replica is a copy of, if the client named it. */
    private static @Nullable SnapshotId copied(ReplicaRecord replica) {
        return replica.snapshotId().value().equals(replica.id().toString()) ? null : replica.snapshotId();
    }
}
