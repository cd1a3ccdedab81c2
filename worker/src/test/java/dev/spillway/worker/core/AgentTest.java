package dev.spillway.worker.core;

import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.Order;
import dev.spillway.events.OrderCause;
import dev.spillway.events.RegistryId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.HeartbeatAnswer;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.Intervals;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.worker.core.model.Delivery;
import dev.spillway.worker.core.model.Effect;
import dev.spillway.worker.core.model.Hold;
import dev.spillway.worker.core.model.HoldAnswer;
import dev.spillway.worker.core.model.HostIdentity;
import dev.spillway.worker.core.model.HostTimes;
import dev.spillway.worker.core.model.IndexChange;
import dev.spillway.worker.core.model.IndexContents;
import dev.spillway.worker.core.model.Membership;
import dev.spillway.worker.core.model.Offer;
import dev.spillway.worker.core.model.OrderPosition;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import dev.spillway.worker.core.model.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/** A host's agent in the hands of a test: what it wants is written down, and the test answers for the registry. */
abstract class AgentTest {
    static final RegistryId REGISTRY = new RegistryId(new UUID(9, 9));
    static final HostIdentity SELF = new HostIdentity(new HostId("host-1"), new StoreId(new UUID(1, 1)), "127.0.0.1:7080", new UUID(3, 1));
    static final EntryName KEY = new EntryName(new NamespaceName("vm"), new EntryKey("base"));
    static final Duration HEARTBEAT = Duration.ofSeconds(5);
    static final Duration RECONCILE = Duration.ofMinutes(10);

    Instant now = Instant.parse("2026-01-01T00:00:00Z");
    final Map<ReplicaId, ReplicaRecord> index = new LinkedHashMap<>();
    final Map<UUID, Hold> holds = new LinkedHashMap<>();
    final List<Effect> effects = new ArrayList<>();
    Membership membership = Membership.NONE;
    @Nullable
    OrderPosition position;
    HostAgent agent = new HostAgent(SELF, HostTimes.DEFAULTS, IndexContents.EMPTY, new Random(1));

    void join() {
        perform(agent.start(now, Set.of()));
        answer(sent(JoinRequest.class), joined(1, false));
    }

    void restart(Set<ReplicaId> present) {
        effects.clear();
        agent = new HostAgent(
                SELF,
                HostTimes.DEFAULTS,
                new IndexContents(membership, position, List.copyOf(index.values()), List.copyOf(holds.values()), List.of()),
                new Random(1));
        perform(agent.start(now, present));
    }

    void put(int number, long generation) {
        perform(agent.offer(now, offer(number, 0), null));
        answer(sent(RegisterRequest.class), outcomes(registered(number, generation)));
    }

    void removeImage(int number) {
        assertThat(toTrash()).contains(id(number));
        perform(agent.trashed(id(number)));
        assertThat(effects).contains(new Effect.Unlink(id(number)));
        perform(agent.unlinked(id(number), 4_096));
    }

    UUID hold(Duration time) {
        UUID id = new UUID(4, holds.size());
        HostAgent.Answered<HoldAnswer> answer = agent.hold(id, KEY, now.plus(time), 0, Integer.MAX_VALUE, "builder");
        assertThat(answer.value()).isInstanceOf(HoldAnswer.Granted.class);
        perform(answer.step());
        return id;
    }

    HeartbeatRequest heartbeat(List<ReplicaId> acknowledged) {
        now = now.plus(HEARTBEAT);
        perform(agent.tick(now));
        HeartbeatRequest request = sent(HeartbeatRequest.class);
        answer(request, new HeartbeatAnswer(acknowledged, List.of(), 3, null, false, new Intervals(HEARTBEAT, RECONCILE), false));
        return request;
    }

    void retry() {
        now = now.plus(HostTimes.DEFAULTS.retry());
        perform(agent.tick(now));
    }

    void answer(WorkerMessage<?> message, Object answer) {
        perform(agent.delivered(now, message, new Delivery.Replied<>(new Reply.Accepted<>(answer))));
    }

    void perform(Step step) {
        for (IndexChange change : step.changes()) {
            switch (change) {
                case IndexChange.PutReplica put -> index.put(put.replica().id(), put.replica());
                case IndexChange.RemoveReplica remove -> index.remove(remove.id());
                case IndexChange.PutHold put -> holds.put(put.hold().id(), put.hold());
                case IndexChange.RemoveHold remove -> holds.remove(remove.id());
                case IndexChange.PutMembership put -> membership = put.membership();
                case IndexChange.PutPosition put -> position = put.position();
                case IndexChange.PutRequest _, IndexChange.RemoveRequest _ -> throw new AssertionError("no request was kept: " + change);
            }
        }
        effects.addAll(step.effects());
    }

    <M> List<M> allSent(Class<M> kind) {
        return effects.stream()
                .filter(Effect.Send.class::isInstance)
                .map(effect -> ((Effect.Send) effect).message())
                .filter(kind::isInstance)
                .map(kind::cast)
                .toList();
    }

    <M> M sent(Class<M> kind) {
        assertThat(allSent(kind)).as("sent " + kind.getSimpleName()).isNotEmpty();
        return allSent(kind).getLast();
    }

    List<Report> reports() {
        return effects.stream().filter(Effect.Publish.class::isInstance).map(effect -> ((Effect.Publish) effect).report()).toList();
    }

    Set<ReplicaId> toTrash() {
        Set<ReplicaId> moved = new TreeSet<>();
        effects.stream().filter(Effect.MoveToTrash.class::isInstance).forEach(effect -> moved.add(((Effect.MoveToTrash) effect).id()));
        return moved;
    }

    PutOutcome outcomeOf(int number) {
        return effects.stream()
                .filter(Effect.Settle.class::isInstance)
                .map(Effect.Settle.class::cast)
                .filter(settle -> settle.id().equals(id(number)))
                .map(Effect.Settle::outcome)
                .findFirst()
                .orElseThrow();
    }

    static ReplicaId id(int number) {
        return new ReplicaId(new UUID(0, number));
    }

    static SnapshotId snapshot(int number) {
        return new SnapshotId("snapshot-" + number);
    }

    static Offer offer(int number, long generation) {
        return new Offer(id(number), KEY, snapshot(number), generation, 4_096, Description.NONE);
    }

    ReplicaRecord pending(int number) {
        return new ReplicaRecord(id(number), KEY, snapshot(number), 0, 4_096, Description.NONE, ReplicaState.PENDING, false, 0, now, now);
    }

    Order order(int number) {
        return new Order(id(number), SELF.hostId(), SELF.storeId(), KEY.namespace(), KEY.key(), 7, null, OrderCause.CAPACITY, 1, now);
    }

    static ReplicaOutcome registered(int number, long generation) {
        return new ReplicaOutcome.Registered(id(number), snapshot(number), generation, List.of());
    }

    static ReplicaOutcomes outcomes(ReplicaOutcome outcome) {
        return new ReplicaOutcomes(List.of(outcome));
    }

    static JoinAnswer joined(long incarnation, boolean reconcileFirst) {
        return joined(REGISTRY, 1, incarnation, reconcileFirst, false, false);
    }

    static JoinAnswer joined(
            RegistryId registry,
            long epoch,
            long incarnation,
            boolean reconcileFirst,
            boolean draining,
            boolean readopt) {
        return new JoinAnswer.Joined(
                registry,
                epoch,
                incarnation,
                3,
                reconcileFirst,
                new PolicySet(1, List.of()),
                new Intervals(HEARTBEAT, RECONCILE),
                draining,
                readopt);
    }
}
