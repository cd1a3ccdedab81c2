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
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.DiscrepancyAnswer;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.DropAnswer;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.HeartbeatAnswer;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.Intervals;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.events.protocol.ReconcileAnswer;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.events.protocol.WorkerMessage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/** The table of states in the protocol, row by row, from the side of the host. */
final class HostAgentTest {
    private static final RegistryId REGISTRY = new RegistryId(new UUID(9, 9));
    private static final HostIdentity SELF = new HostIdentity(new HostId("host-1"), new StoreId(new UUID(1, 1)), "127.0.0.1:7080");
    private static final EntryName KEY = new EntryName(new NamespaceName("vm"), new EntryKey("base"));
    private static final Duration HEARTBEAT = Duration.ofSeconds(5);
    private static final Duration RECONCILE = Duration.ofMinutes(10);

    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final Map<ReplicaId, ReplicaRecord> index = new LinkedHashMap<>();
    private final Map<UUID, Hold> holds = new LinkedHashMap<>();
    private final List<Effect> effects = new ArrayList<>();
    private Membership membership = Membership.NONE;
    private @Nullable Position position;
    private HostAgent agent = new HostAgent(SELF, HostTimes.DEFAULTS, IndexContents.EMPTY, new Random(1));

    @Test
    void anOfferIsInTheIndexBeforeItsRegistrationIsSent() {
        join();
        Step step = agent.offer(now, offer(1, 0));
        assertThat(step.changes()).containsExactly(new IndexChange.PutReplica(pending(1)));
        assertThat(step.effects()).singleElement()
                .isInstanceOfSatisfying(Effect.Send.class,
                        send -> assertThat(send.message()).isInstanceOfSatisfying(RegisterRequest.class,
                                register -> assertThat(register.items().getFirst().replicaId()).isEqualTo(id(1))));
    }

    @Test
    void aRegisteredReplicaIsServedAndItsPutIsAnswered() {
        join();
        put(1, 7);
        assertThat(agent.served(KEY)).map(ReplicaRecord::generation).contains(7L);
        assertThat(outcomeOf(1)).isEqualTo(new PutOutcome.Stored(snapshot(1), 7, List.of()));
        assertThat(membership.highestGeneration()).isEqualTo(7);
    }

    @Test
    void aRefusedReplicaGoesWithoutAnOrderAndWithoutAReport() {
        join();
        perform(agent.offer(now, offer(1, 0)));
        answer(sent(RegisterRequest.class), outcomes(new ReplicaOutcome.Refused(id(1), ReplicaOutcome.Reason.TOO_LARGE, "too large")));
        assertThat(outcomeOf(1)).isEqualTo(new PutOutcome.Refused(ReplicaOutcome.Reason.TOO_LARGE, "too large"));
        assertThat(index.get(id(1))).extracting(ReplicaRecord::state).isEqualTo(ReplicaState.DOOMED);
        removeImage(1);
        assertThat(index).isEmpty();
        assertThat(reports()).isEmpty();
    }

    @Test
    void anOrderedReplicaGoesAndIsReportedUntilItIsAcknowledged() {
        join();
        put(1, 7);
        perform(agent.ordered(now, order(1), new Position(3, 42)));
        assertThat(agent.served(KEY)).isEmpty();
        assertThat(index.get(id(1))).extracting(ReplicaRecord::state).isEqualTo(ReplicaState.DOOMED);
        assertThat(position).isEqualTo(new Position(3, 42));
        removeImage(1);
        assertThat(reports()).extracting(Report::result).containsExactly(Report.Result.DELETED);

        assertThat(heartbeat(List.of()).unacknowledged()).extracting(Report::replicaId).containsExactly(id(1));
        assertThat(heartbeat(List.of(id(1))).unacknowledged()).extracting(Report::replicaId).containsExactly(id(1));
        assertThat(index).isEmpty();
        assertThat(heartbeat(List.of()).unacknowledged()).isEmpty();
    }

    @Test
    void anOrderForAPendingReplicaProvesItsRegistration() {
        join();
        perform(agent.offer(now, offer(1, 0)));
        perform(agent.ordered(now, order(1), null));
        assertThat(outcomeOf(1)).isEqualTo(new PutOutcome.Evicted());
        removeImage(1);
        assertThat(reports()).extracting(Report::result).containsExactly(Report.Result.DELETED);
        answer(sent(RegisterRequest.class), outcomes(registered(1, 7)));
        assertThat(agent.served(KEY)).isEmpty();
    }

    @Test
    void anOrderForAnUnknownReplicaIsAnsweredAbsentUntilItIsAcknowledged() {
        join();
        perform(agent.ordered(now, order(1), null));
        assertThat(reports()).extracting(Report::result).containsExactly(Report.Result.ABSENT);
        assertThat(heartbeat(List.of(id(1))).unacknowledged()).extracting(Report::result).containsExactly(Report.Result.ABSENT);
        assertThat(heartbeat(List.of()).unacknowledged()).isEmpty();
    }

    @Test
    void anOrderForAnotherStoreIsIgnored() {
        join();
        put(1, 7);
        Order order = order(1);
        perform(agent.ordered(now,
                new Order(order.replicaId(), order.hostId(), new StoreId(new UUID(6, 6)), order.namespace(), order.key(), 7,
                        null, OrderCause.CAPACITY, 1, now),
                null));
        assertThat(agent.served(KEY)).isPresent();
        assertThat(reports()).isEmpty();
    }

    @Test
    void aHeldReplicaIsHiddenAtOnceAndDeletedWhenTheLastHoldEnds() {
        join();
        put(1, 7);
        UUID first = hold(Duration.ofMinutes(1));
        UUID second = hold(Duration.ofMinutes(2));
        perform(agent.ordered(now, order(1), null));
        assertThat(agent.served(KEY)).isEmpty();
        assertThat(toTrash()).isEmpty();
        assertThat(reports()).containsExactly(new Report(id(1), SELF.hostId(), SELF.storeId(), Report.Result.DEFERRED,
                now.plus(Duration.ofMinutes(2)), null, 0));

        perform(agent.release(second).step());
        assertThat(toTrash()).isEmpty();
        assertThat(agent.extend(first, now.plus(Duration.ofMinutes(5))).value()).isPresent();
        perform(agent.release(first).step());
        assertThat(toTrash()).containsExactly(id(1));
    }

    @Test
    void aHoldRunsOutByItself() {
        join();
        put(1, 7);
        hold(Duration.ofMinutes(1));
        perform(agent.ordered(now, order(1), null));
        now = now.plus(Duration.ofSeconds(59));
        perform(agent.tick(now));
        assertThat(toTrash()).isEmpty();
        now = now.plus(Duration.ofSeconds(1));
        perform(agent.tick(now));
        assertThat(toTrash()).containsExactly(id(1));
        assertThat(holds).isEmpty();
    }

    @Test
    void aHoldSurvivesARestart() {
        join();
        put(1, 7);
        hold(Duration.ofMinutes(1));
        perform(agent.ordered(now, order(1), null));
        restart(Set.of(id(1)));
        assertThat(toTrash()).isEmpty();
        now = now.plus(Duration.ofMinutes(2));
        perform(agent.tick(now));
        assertThat(toTrash()).containsExactly(id(1));
    }

    @Test
    void aNewerGenerationHidesTheOlderWhichIsNeverServedAgain() {
        join();
        put(1, 7);
        put(2, 8);
        assertThat(index.get(id(1))).extracting(ReplicaRecord::state).isEqualTo(ReplicaState.HIDDEN);
        assertThat(agent.served(KEY)).map(ReplicaRecord::id).contains(id(2));
        perform(agent.ordered(now, order(2), null));
        assertThat(agent.served(KEY)).isEmpty();
    }

    @Test
    void aLateAnswerForAnOlderGenerationIsNotServed() {
        join();
        put(2, 8);
        perform(agent.offer(now, offer(1, 7)));
        answer(sent(AttachRequest.class), outcomes(registered(1, 7)));
        assertThat(index.get(id(1))).extracting(ReplicaRecord::state).isEqualTo(ReplicaState.HIDDEN);
        assertThat(agent.served(KEY)).map(ReplicaRecord::generation).contains(8L);
    }

    @Test
    void ofTwoCopiesOfOneGenerationTheNewerServesAndTheOtherIsDropped() {
        join();
        put(1, 7);
        perform(agent.offer(now, offer(2, 7)));
        answer(sent(AttachRequest.class), outcomes(registered(2, 7)));
        assertThat(agent.served(KEY)).map(ReplicaRecord::id).contains(id(2));
        retry();
        DropRequest drop = sent(DropRequest.class);
        assertThat(drop.items()).containsExactly(new DropRequest.Drop(id(1), DropRequest.Reason.BOUNDS));
        assertThat(toTrash()).isEmpty();
        answer(drop, new DropAnswer(List.of(id(1)), List.of()));
        assertThat(toTrash()).containsExactly(id(1));
    }

    @Test
    void whatGotNoAnswerIsResolvedAndDeletedIfItNeverArrived() {
        join();
        perform(agent.offer(now, offer(1, 0)));
        perform(agent.delivered(now, sent(RegisterRequest.class), new Delivery.Lost<>("no answer")));
        assertThat(index.get(id(1))).extracting(ReplicaRecord::state).isEqualTo(ReplicaState.PENDING);
        retry();
        ResolveRequest resolve = sent(ResolveRequest.class);
        assertThat(resolve.replicaIds()).containsExactly(id(1));
        answer(resolve, outcomes(new ReplicaOutcome.Ended(id(1))));
        assertThat(outcomeOf(1)).isInstanceOf(PutOutcome.NotRegistered.class);
        assertThat(toTrash()).containsExactly(id(1));
    }

    @Test
    void aCallerThatWaitsNoLongerIsToldUnknownWhileNobodyKnows() {
        join();
        perform(agent.offer(now, offer(1, 0)));
        perform(agent.giveUp(id(1)));
        assertThat(outcomeOf(1)).isEqualTo(new PutOutcome.Unknown());
        assertThat(index.get(id(1))).extracting(ReplicaRecord::state).isEqualTo(ReplicaState.PENDING);
    }

    @Test
    void whatWasSurelyNotSentGoesAwayWhenItsCallerWaitsNoLonger() {
        join();
        perform(agent.offer(now, offer(1, 0)));
        perform(agent.delivered(now, sent(RegisterRequest.class), new Delivery.NotDelivered<>("connection refused")));
        perform(agent.giveUp(id(1)));
        assertThat(outcomeOf(1)).isInstanceOf(PutOutcome.NotRegistered.class);
        assertThat(toTrash()).containsExactly(id(1));
    }

    @Test
    void fencedIsNoAnswer() {
        join();
        perform(agent.offer(now, offer(1, 0)));
        perform(agent.delivered(now, sent(RegisterRequest.class),
                new Delivery.Replied<>(new Reply.Fenced<>("incarnation: 1 (expected: 2)"))));
        assertThat(agent.isJoined()).isFalse();
        assertThat(index.get(id(1))).extracting(ReplicaRecord::state).isEqualTo(ReplicaState.PENDING);
        answer(sent(JoinRequest.class), joined(2, false));
        assertThat(sent(ResolveRequest.class).replicaIds()).containsExactly(id(1));
    }

    @Test
    void registrationsOfAKeyGoOneAfterTheOther() {
        join();
        perform(agent.offer(now, offer(1, 0)));
        perform(agent.offer(now, offer(2, 0)));
        assertThat(allSent(RegisterRequest.class)).hasSize(1);
        answer(sent(RegisterRequest.class), outcomes(registered(1, 7)));
        assertThat(sent(RegisterRequest.class).items().getFirst().replicaId()).isEqualTo(id(2));
    }

    @Test
    void localUsesAreSentBeforeAPut() {
        join();
        put(1, 7);
        agent.used(KEY, 3);
        perform(agent.offer(now, offer(2, 0)));
        TouchRequest touch = sent(TouchRequest.class);
        assertThat(touch.used()).containsExactly(new TouchRequest.Used(KEY, 3));
        assertThat(allSent(RegisterRequest.class)).hasSize(1);
        answer(touch, new TouchRequest.Counted());
        assertThat(sent(RegisterRequest.class).items().getFirst().replicaId()).isEqualTo(id(2));
    }

    @Test
    void aRestartGoesOnInEveryState() {
        join();
        perform(agent.offer(now, offer(1, 0)));
        for (int number = 2; number <= 4; number++) {
            EntryName other = new EntryName(KEY.namespace(), new EntryKey("key-" + number));
            index.put(id(number), new ReplicaRecord(id(number), other, snapshot(number), number, 1, Description.NONE,
                    List.of(ReplicaState.DOOMED, ReplicaState.TRASH, ReplicaState.GONE).get(number - 2), true, 1, now, now));
        }
        restart(Set.of(id(1), id(2)));
        assertThat(toTrash()).containsExactly(id(2));
        assertThat(effects).contains(new Effect.Unlink(id(3)));
        answer(sent(JoinRequest.class), joined(2, false));
        assertThat(sent(ResolveRequest.class).replicaIds()).containsExactly(id(1));
        assertThat(heartbeat(List.of()).unacknowledged()).extracting(Report::replicaId).containsExactly(id(4));
    }

    @Test
    void anImageThatIsMissingAtTheStartIsNotServedAndReportedLost() {
        join();
        put(1, 7);
        restart(Set.of());
        assertThat(agent.served(KEY)).isEmpty();
        answer(sent(JoinRequest.class), joined(2, false));
        assertThat(sent(DropRequest.class).items()).containsExactly(new DropRequest.Drop(id(1), DropRequest.Reason.LOST));
    }

    @Test
    void aLossThatWaitsForAPersonKeepsItsRecord() {
        join();
        put(1, 7);
        restart(Set.of());
        answer(sent(JoinRequest.class), joined(2, false));
        answer(sent(DropRequest.class), new DropAnswer(List.of(), List.of(id(1))));
        assertThat(index).containsKey(id(1));
        assertThat(toTrash()).isEmpty();
    }

    @Test
    void aRetiredHostServesNothingUntilItsReconciliationIsAnswered() {
        join();
        put(1, 7);
        restart(Set.of(id(1)));
        answer(sent(JoinRequest.class), new JoinAnswer.Refused(JoinAnswer.Reason.RETIRED, "readmit it"));
        assertThat(agent.served(KEY)).isEmpty();
        assertThat(agent.refusal()).contains("RETIRED: readmit it");

        restart(Set.of(id(1)));
        assertThat(agent.served(KEY)).isEmpty();
        answer(sent(JoinRequest.class), joined(3, true));
        perform(agent.tick(now));
        answer(sent(ReconcileRequest.class), new ReconcileAnswer(List.of(), true));
        DiscrepancyRequest found = sent(DiscrepancyRequest.class);
        assertThat(found.orphans()).extracting(DiscrepancyRequest.Orphan::replicaId).containsExactly(id(1));
        answer(found, new DiscrepancyAnswer(1, 0, 0));
        assertThat(agent.served(KEY)).as("an orphan").isEmpty();
        assertThat(membership.suspended()).isFalse();
    }

    @Test
    void aCopiedStoreServesNothing() {
        join();
        put(1, 7);
        restart(Set.of(id(1)));
        answer(sent(JoinRequest.class), new JoinAnswer.Refused(JoinAnswer.Reason.STORE_IN_USE, "store 1 belongs to host host-9"));
        assertThat(agent.served(KEY)).isEmpty();
        assertThat(index).containsKey(id(1));
        assertThat(toTrash()).isEmpty();
    }

    @Test
    void aReconciliationNamesGhostsAndOrphansButNothingThatIsUnderWay() {
        join();
        put(1, 7);
        perform(agent.offer(now, offer(2, 0)));
        now = now.plus(RECONCILE).plus(RECONCILE);
        perform(agent.tick(now));
        ReconcileRequest request = sent(ReconcileRequest.class);
        answer(request, new ReconcileAnswer(List.of(id(2)), false));
        ReconcileRequest second = sent(ReconcileRequest.class);
        assertThat(second.after()).isEqualTo(id(2));
        answer(second, new ReconcileAnswer(List.of(id(9)), true));
        DiscrepancyRequest found = sent(DiscrepancyRequest.class);
        assertThat(found.ghosts()).containsExactly(id(9));
        assertThat(found.orphans()).extracting(DiscrepancyRequest.Orphan::replicaId).containsExactly(id(1));
        assertThat(found.inventory()).isEqualTo(1);
    }

    @Test
    void aHostThatJoinsIsComparedWithTheRegistryAtOnce() {
        join();
        perform(agent.tick(now));
        answer(sent(ReconcileRequest.class), new ReconcileAnswer(List.of(), true));
        answer(sent(DiscrepancyRequest.class), new DiscrepancyAnswer(0, 0, 0));
        effects.clear();
        now = now.plus(RECONCILE.dividedBy(2)).minusSeconds(1);
        perform(agent.tick(now));
        assertThat(allSent(ReconcileRequest.class)).isEmpty();
        now = now.plus(RECONCILE);
        perform(agent.tick(now));
        assertThat(allSent(ReconcileRequest.class)).hasSize(1);
    }

    @Test
    void aFailedRemovalIsReportedAndTriedAgain() {
        join();
        put(1, 7);
        perform(agent.ordered(now, order(1), null));
        effects.clear();
        perform(agent.removalFailed(now, id(1), "read-only file system"));
        assertThat(reports()).extracting(Report::result, Report::why)
                .containsExactly(
                        tuple(Report.Result.FAILED, "read-only file system"));
        assertThat(toTrash()).isEmpty();
        now = now.plus(HostTimes.DEFAULTS.removalRetry());
        perform(agent.tick(now));
        assertThat(toTrash()).containsExactly(id(1));
    }

    @Test
    void anEvictionThatWasAnsweredIsNotServedAnyMoreBeforeItsOrderComes() {
        join();
        put(1, 7);
        perform(agent.evictedElsewhere(KEY, snapshot(2)));
        assertThat(agent.served(KEY)).as("another snapshot").isPresent();
        perform(agent.evictedElsewhere(KEY, snapshot(1)));
        assertThat(agent.served(KEY)).isEmpty();
        assertThat(toTrash()).isEmpty();
    }

    // The host around the agent.

    private void join() {
        perform(agent.start(now, Set.of()));
        answer(sent(JoinRequest.class), joined(1, false));
    }

    private void restart(Set<ReplicaId> present) {
        effects.clear();
        agent = new HostAgent(SELF, HostTimes.DEFAULTS,
                new IndexContents(membership, position, List.copyOf(index.values()), List.copyOf(holds.values()), List.of()),
                new Random(1));
        perform(agent.start(now, present));
    }

    private void put(int number, long generation) {
        perform(agent.offer(now, offer(number, 0)));
        answer(sent(RegisterRequest.class), outcomes(registered(number, generation)));
    }

    private void removeImage(int number) {
        assertThat(toTrash()).contains(id(number));
        perform(agent.trashed(id(number)));
        assertThat(effects).contains(new Effect.Unlink(id(number)));
        perform(agent.unlinked(id(number), 4_096));
    }

    private UUID hold(Duration time) {
        UUID id = new UUID(4, holds.size());
        HostAgent.Answered<Optional<HostAgent.Granted>> answer = agent.hold(id, KEY, now.plus(time));
        assertThat(answer.value()).isPresent();
        perform(answer.step());
        return id;
    }

    private HeartbeatRequest heartbeat(List<ReplicaId> acknowledged) {
        now = now.plus(HEARTBEAT);
        perform(agent.tick(now));
        HeartbeatRequest request = sent(HeartbeatRequest.class);
        answer(request, new HeartbeatAnswer(acknowledged, List.of(), 3, null, false));
        return request;
    }

    private void retry() {
        now = now.plus(HostTimes.DEFAULTS.retry());
        perform(agent.tick(now));
    }

    private void answer(WorkerMessage<?> message, Object answer) {
        perform(agent.delivered(now, message, new Delivery.Replied<>(new Reply.Accepted<>(answer))));
    }

    private void perform(Step step) {
        for (IndexChange change : step.changes()) {
            switch (change) {
                case IndexChange.PutReplica put -> index.put(put.replica().id(), put.replica());
                case IndexChange.RemoveReplica remove -> index.remove(remove.id());
                case IndexChange.PutHold put -> holds.put(put.hold().id(), put.hold());
                case IndexChange.RemoveHold remove -> holds.remove(remove.id());
                case IndexChange.PutMembership put -> membership = put.membership();
                case IndexChange.PutPosition put -> position = put.position();
                case IndexChange.PutRequest _,IndexChange.RemoveRequest _ -> throw new AssertionError("no request was kept: " + change);
            }
        }
        effects.addAll(step.effects());
    }

    private <M> List<M> allSent(Class<M> kind) {
        return effects.stream()
                .filter(Effect.Send.class::isInstance)
                .map(effect -> ((Effect.Send) effect).message())
                .filter(kind::isInstance)
                .map(kind::cast)
                .toList();
    }

    private <M> M sent(Class<M> kind) {
        assertThat(allSent(kind)).as("sent " + kind.getSimpleName()).isNotEmpty();
        return allSent(kind).getLast();
    }

    private List<Report> reports() {
        return effects.stream().filter(Effect.Publish.class::isInstance).map(effect -> ((Effect.Publish) effect).report()).toList();
    }

    private Set<ReplicaId> toTrash() {
        Set<ReplicaId> moved = new TreeSet<>();
        effects.stream().filter(Effect.MoveToTrash.class::isInstance).forEach(effect -> moved.add(((Effect.MoveToTrash) effect).id()));
        return moved;
    }

    private PutOutcome outcomeOf(int number) {
        return effects.stream()
                .filter(Effect.Settle.class::isInstance)
                .map(Effect.Settle.class::cast)
                .filter(settle -> settle.id().equals(id(number)))
                .map(Effect.Settle::outcome)
                .findFirst()
                .orElseThrow();
    }

    private static ReplicaId id(int number) {
        return new ReplicaId(new UUID(0, number));
    }

    private static SnapshotId snapshot(int number) {
        return new SnapshotId("snapshot-" + number);
    }

    private static Offer offer(int number, long generation) {
        return new Offer(id(number), KEY, snapshot(number), generation, 4_096, Description.NONE);
    }

    private ReplicaRecord pending(int number) {
        return new ReplicaRecord(id(number), KEY, snapshot(number), 0, 4_096, Description.NONE, ReplicaState.PENDING, false, 0, now, now);
    }

    private Order order(int number) {
        return new Order(id(number), SELF.hostId(), SELF.storeId(), KEY.namespace(), KEY.key(), 7, null, OrderCause.CAPACITY, 1, now);
    }

    private static ReplicaOutcome registered(int number, long generation) {
        return new ReplicaOutcome.Registered(id(number), snapshot(number), generation, List.of());
    }

    private static ReplicaOutcomes outcomes(ReplicaOutcome outcome) {
        return new ReplicaOutcomes(List.of(outcome));
    }

    private static JoinAnswer joined(long incarnation, boolean reconcileFirst) {
        return new JoinAnswer.Joined(REGISTRY, 1, incarnation, 3, reconcileFirst, new PolicySet(1, List.of()),
                new Intervals(HEARTBEAT, RECONCILE));
    }
}
