package dev.spillway.worker.core;

import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import dev.spillway.events.Order;
import dev.spillway.events.OrderCause;
import dev.spillway.events.Report;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.Attachment;
import dev.spillway.events.protocol.DropAnswer;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HeldReplica;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.worker.core.model.Delivery;
import dev.spillway.worker.core.model.Effect;
import dev.spillway.worker.core.model.HoldAnswer;
import dev.spillway.worker.core.model.HostTimes;
import dev.spillway.worker.core.model.IndexChange;
import dev.spillway.worker.core.model.Offer;
import dev.spillway.worker.core.model.OrderPosition;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import dev.spillway.worker.core.model.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/** The table of states in the protocol, row by row, from the side of the host. */
final class HostAgentTest extends AgentTest {
    private static final EntryName OTHER = new EntryName(KEY.namespace(), new EntryKey("other"));

    @Test
    void anOfferIsInTheIndexBeforeItsRegistrationIsSent() {
        join();
        Step step = agent.offer(now, offer(1, 0), null);
        assertThat(step.changes()).containsExactly(new IndexChange.PutReplica(pending(1)));
        assertThat(step.effects()).singleElement()
                .isInstanceOfSatisfying(
                        Effect.Send.class,
                        send -> assertThat(send.message()).isInstanceOfSatisfying(
                                RegisterRequest.class,
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
        perform(agent.offer(now, offer(1, 0), null));
        answer(sent(RegisterRequest.class), outcomes(new ReplicaOutcome.Refused(id(1), ReplicaOutcome.Reason.TOO_LARGE, "too large")));
        assertThat(outcomeOf(1)).isEqualTo(new PutOutcome.Refused(ReplicaOutcome.Reason.TOO_LARGE, "too large"));
        assertThat(index.get(id(1))).extracting(ReplicaRecord::state).isEqualTo(ReplicaState.DOOMED);
        removeImage(1);
        assertThat(index).isEmpty();
        assertThat(reports()).isEmpty();
    }

    @Test
    void aReplicaThatIsRefusedBecauseTheHostDrainsGoesAndTheHostKnowsFromThenOn() {
        join();
        put(1, 7);
        perform(agent.offer(now, offer(2, 0), null));
        assertThat(agent.isDraining()).isFalse();
        answer(sent(RegisterRequest.class), outcomes(new ReplicaOutcome.Refused(id(2), ReplicaOutcome.Reason.DRAINING, "host: host-1")));
        assertThat(agent.isDraining()).isTrue();
        assertThat(outcomeOf(2)).isEqualTo(new PutOutcome.Refused(ReplicaOutcome.Reason.DRAINING, "host: host-1"));
        removeImage(2);
        assertThat(index).containsOnlyKeys(id(1));
        assertThat(agent.served(KEY)).map(ReplicaRecord::id).as("what it holds is served").contains(id(1));
        assertThat(reports()).isEmpty();
    }

    @Test
    void anOrderThatRelievesTheHostIsAnOrderAsAnyOther() {
        join();
        put(1, 7);
        UUID hold = hold(Duration.ofMinutes(1));
        Order plain = order(1);
        perform(
                agent.ordered(
                        now,
                        new Order(
                                id(1),
                                plain.hostId(),
                                plain.storeId(),
                                plain.namespace(),
                                plain.key(),
                                7,
                                null,
                                OrderCause.RELIEF,
                                1,
                                now),
                        null));
        assertThat(reports()).extracting(Report::result).containsExactly(Report.Result.DEFERRED);
        perform(agent.release(hold).step());
        removeImage(1);
        assertThat(reports()).extracting(Report::result).containsExactly(Report.Result.DEFERRED, Report.Result.DELETED);
    }

    @Test
    void aHeartbeatTellsWhatIsInUseOnceAndAgainWhenItChanges() {
        join();
        assertThat(heartbeat(List.of()).held()).as("the first one").isEmpty();
        assertThat(heartbeat(List.of()).held()).isNull();
        put(1, 7);
        long left = Duration.ofMinutes(9).minus(HEARTBEAT).toMillis();
        UUID longest = hold(Duration.ofMinutes(9));
        UUID other = hold(Duration.ofMinutes(1));
        assertThat(heartbeat(List.of()).held()).containsExactly(new HeldReplica(id(1), left, 2));
        assertThat(heartbeat(List.of()).held()).isNull();

        perform(agent.release(other).step());
        now = now.plus(HEARTBEAT);
        perform(agent.tick(now));
        HeartbeatRequest unanswered = sent(HeartbeatRequest.class);
        assertThat(unanswered.held()).extracting(HeldReplica::holds).containsExactly(1L);
        perform(agent.delivered(now, unanswered, new Delivery.Lost<>("no answer")));
        assertThat(heartbeat(List.of()).held()).as("the registry may not have taken it").extracting(HeldReplica::holds).containsExactly(1L);
        perform(agent.release(longest).step());
        assertThat(heartbeat(List.of()).held()).isEmpty();
    }

    @Test
    void aHeartbeatTellsWhatIsInUseAgainWhenAnotherListMayHaveBeenTaken() {
        join();
        put(1, 7);
        assertThat(heartbeat(List.of()).held()).isEmpty();
        UUID brief = hold(Duration.ofMinutes(9));
        now = now.plus(HEARTBEAT);
        perform(agent.tick(now));
        HeartbeatRequest unanswered = sent(HeartbeatRequest.class);
        assertThat(unanswered.held()).hasSize(1);
        perform(agent.delivered(now, unanswered, new Delivery.Lost<>("no answer")));
        perform(agent.release(brief).step());
        assertThat(heartbeat(List.of()).held()).as("as before, but the registry may have the other").isNotNull().isEmpty();
    }

    @Test
    void aHeartbeatTellsAgainWhatIsInUseAfterAJoinAndFromTimeToTime() {
        join();
        put(1, 7);
        hold(Duration.ofHours(9));
        assertThat(heartbeat(List.of()).held()).hasSize(1);
        assertThat(heartbeat(List.of()).held()).isNull();
        now = now.plus(HEARTBEAT);
        perform(agent.tick(now));
        perform(agent.delivered(now, sent(HeartbeatRequest.class), new Delivery.Replied<>(new Reply.Fenced<>("another incarnation"))));
        retry();
        answer(sent(JoinRequest.class), joined(2, false));
        assertThat(heartbeat(List.of()).held()).hasSize(1);
        assertThat(heartbeat(List.of()).held()).isNull();
        now = now.plus(RECONCILE);
        assertThat(heartbeat(List.of()).held()).as("a coordinator of an earlier release keeps nothing").hasSize(1);
    }

    @Test
    void ofManyReplicasInUseAHeartbeatTellsThoseThatAreHeldLongest() {
        join();
        int many = HeartbeatRequest.HELD_MAX + 1;
        for (int number = 1; number <= many; number++) {
            put(number, 6 + number);
            // A put of the same key ends the service of the copy before, which stays for its hold.
            hold(Duration.ofMinutes(number));
        }
        List<HeldReplica> held = Objects.requireNonNull(heartbeat(List.of()).held());
        assertThat(held).hasSize(HeartbeatRequest.HELD_MAX);
        assertThat(held).extracting(HeldReplica::replicaId).doesNotContain(id(1)).contains(id(2), id(many));
    }

    @Test
    void anOrderedReplicaGoesAndIsReportedUntilItIsAcknowledged() {
        join();
        put(1, 7);
        perform(agent.ordered(now, order(1), new OrderPosition(3, 42)));
        assertThat(agent.served(KEY)).isEmpty();
        assertThat(index.get(id(1))).extracting(ReplicaRecord::state).isEqualTo(ReplicaState.DOOMED);
        assertThat(position).isEqualTo(new OrderPosition(3, 42));
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
        perform(agent.offer(now, offer(1, 0), null));
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
        perform(
                agent.ordered(
                        now,
                        new Order(
                                order.replicaId(),
                                order.hostId(),
                                new StoreId(new UUID(6, 6)),
                                order.namespace(),
                                order.key(),
                                7,
                                null,
                                OrderCause.CAPACITY,
                                1,
                                now),
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
        assertThat(reports()).containsExactly(
                new Report(id(1), SELF.hostId(), SELF.storeId(), Report.Result.DEFERRED, now.plus(Duration.ofMinutes(2)), null, 0));

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
    void anImageThatComesBackAfterItWasDeletedGoesAgain() {
        join();
        put(1, 7);
        perform(agent.ordered(now, order(1), null));
        removeImage(1);
        assertThat(index.get(id(1))).extracting(ReplicaRecord::state).isEqualTo(ReplicaState.GONE);

        restart(Set.of(id(1)));
        removeImage(1);
        assertThat(reports()).extracting(Report::result).containsExactly(Report.Result.DELETED);
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
        perform(agent.offer(now, offer(1, 7), null));
        assertThat(sent(AttachRequest.class).items()).extracting(Attachment::generation, Attachment::snapshotId)
                .containsExactly(tuple(7L, snapshot(1)));
        answer(sent(AttachRequest.class), outcomes(registered(1, 7)));
        assertThat(index.get(id(1))).extracting(ReplicaRecord::state).isEqualTo(ReplicaState.HIDDEN);
        assertThat(agent.served(KEY)).map(ReplicaRecord::generation).contains(8L);
    }

    @Test
    void aCopyOfWhichNobodySaysWhatWasCopiedIsAttachedByItsGenerationAlone() {
        join();
        perform(agent.offer(now, new Offer(id(1), KEY, new SnapshotId(id(1).toString()), 7, 4_096, Description.NONE), null));
        assertThat(sent(AttachRequest.class).items()).extracting(Attachment::snapshotId).containsOnlyNulls();
    }

    @Test
    void whatGotNoAnswerIsResolvedAndDeletedIfItNeverArrived() {
        join();
        perform(agent.offer(now, offer(1, 0), null));
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
        perform(agent.offer(now, offer(1, 0), null));
        HostAgent.Answered<Boolean> unknown = agent.giveUp(now, id(1));
        perform(unknown.step());
        assertThat(unknown.value()).isTrue();
        assertThat(index.get(id(1))).extracting(ReplicaRecord::state).isEqualTo(ReplicaState.PENDING);
    }

    @Test
    void whatWasSurelyNotSentGoesAwayWhenItsCallerWaitsNoLonger() {
        join();
        perform(agent.offer(now, offer(1, 0), null));
        perform(agent.delivered(now, sent(RegisterRequest.class), new Delivery.NotDelivered<>("connection refused")));
        perform(agent.giveUp(now, id(1)).step());
        assertThat(outcomeOf(1)).isInstanceOf(PutOutcome.NotRegistered.class);
        assertThat(toTrash()).containsExactly(id(1));
    }

    @Test
    void oneHoldTooManyIsNotGranted() {
        join();
        perform(agent.offer(now, offer(1, 0), null));
        answer(sent(RegisterRequest.class), outcomes(registered(1, 7)));
        UUID first = hold(Duration.ofMinutes(1));
        assertThat(agent.hold(new UUID(9, 9), KEY, now.plusSeconds(60), 0, 1, null)).isEqualTo(
                new HostAgent.Answered<>(new HoldAnswer.TooMany(), Step.NOTHING));
        assertThat(agent.hold(new UUID(9, 9), KEY, now.plusSeconds(60), 8, 1, null).value()).isEqualTo(new HoldAnswer.Older(7));
        perform(agent.release(first).step());
        assertThat(agent.hold(new UUID(9, 9), KEY, now.plusSeconds(60), 7, 1, null).value()).isInstanceOf(HoldAnswer.Granted.class);
    }

    @Test
    void registrationsOfAKeyGoOneAfterTheOther() {
        join();
        perform(agent.offer(now, offer(1, 0), null));
        perform(agent.offer(now, offer(2, 0), null));
        assertThat(allSent(RegisterRequest.class)).hasSize(1);
        answer(sent(RegisterRequest.class), outcomes(registered(1, 7)));
        assertThat(sent(RegisterRequest.class).items().getFirst().replicaId()).isEqualTo(id(2));
    }

    @Test
    void localUsesAreSentBeforeAPut() {
        join();
        put(1, 7);
        agent.used(KEY, 3, now, null);
        perform(agent.offer(now, offer(2, 0), null));
        TouchRequest touch = sent(TouchRequest.class);
        assertThat(touch.used()).containsExactly(new TouchRequest.Used(KEY, 3, 0L));
        assertThat(allSent(RegisterRequest.class)).hasSize(1);
        answer(touch, new TouchRequest.Counted());
        assertThat(sent(RegisterRequest.class).items().getFirst().replicaId()).isEqualTo(id(2));
    }

    /** The registry takes no longer message, and has to know how many there are in all. */
    @Test
    void manyLossesAreToldInPartsThatNameTheirNumber() {
        join();
        int held = 50_002;
        for (int number = 1; number <= held; number++) {
            effects.clear();
            EntryName name = new EntryName(KEY.namespace(), new EntryKey("lost-" + number));
            perform(agent.offer(now, new Offer(id(number), name, snapshot(number), 0, 4_096, Description.NONE), null));
            answer(sent(RegisterRequest.class), outcomes(registered(number, number)));
        }
        restart(Set.of());
        join();
        DropRequest first = sent(DropRequest.class);
        assertThat(first.items()).hasSize(50_000);
        assertThat(first.unnamedLosses()).isEqualTo(2);
        effects.clear();
        answer(first, new DropAnswer(List.of(), first.items().stream().map(DropRequest.Drop::replicaId).toList()));
        now = now.plusSeconds(30);
        perform(agent.tick(now));
        DropRequest second = sent(DropRequest.class);
        assertThat(second.items()).hasSize(2);
        assertThat(second.unnamedLosses()).as("those that wait for a person").isEqualTo(50_000);
    }

    /** The registry could not take it into its group. */
    @Test
    void aUseThatNamesAGroupWaitsForTheRegistrationOfItsKey() {
        join();
        GroupName group = new GroupName("result");
        perform(agent.offer(now, offer(1, 0), null));
        RegisterRequest register = sent(RegisterRequest.class);
        agent.used(KEY, 0, now, group);
        agent.used(OTHER, 1, now, null);
        now = now.plus(HEARTBEAT);
        perform(agent.tick(now));
        TouchRequest first = sent(TouchRequest.class);
        assertThat(first.used()).extracting(TouchRequest.Used::name).containsExactly(OTHER);
        answer(first, new TouchRequest.Counted());
        effects.clear();
        answer(register, outcomes(registered(1, 7)));
        perform(agent.tick(now));
        assertThat(sent(TouchRequest.class).used()).containsExactly(new TouchRequest.Used(KEY, 0, HEARTBEAT.toMillis(), group));
    }

    @Test
    void usesThatNobodyHeardOfAreToldAgainWithTheirAgeAndInTheirOrder() {
        join();
        put(1, 7);
        agent.used(KEY, 3, now, null);
        agent.used(OTHER, 1, now.plusSeconds(1), null);
        agent.missed(KEY.namespace(), 2);
        now = now.plusSeconds(1);
        perform(agent.tick(now.plus(HEARTBEAT)));
        perform(agent.delivered(now, sent(TouchRequest.class), new Delivery.NotDelivered<>("connection refused")));
        agent.used(KEY, 1, now.plusSeconds(20), null);
        now = now.plusSeconds(30);
        effects.clear();
        perform(agent.tick(now));
        TouchRequest again = sent(TouchRequest.class);
        assertThat(again.used()).containsExactly(new TouchRequest.Used(OTHER, 1, 30_000L), new TouchRequest.Used(KEY, 4, 10_000L));
        assertThat(again.missed()).containsExactly(new TouchRequest.Missed(KEY.namespace(), 2));
        answer(again, new TouchRequest.Counted());
        effects.clear();
        now = now.plus(HEARTBEAT);
        perform(agent.tick(now));
        assertThat(allSent(TouchRequest.class)).as("what was acknowledged").isEmpty();
    }

    @Test
    void usesThatWereUnderWayWhenTheHostWasFencedAreToldTheRegistryThatItJoins() {
        join();
        put(1, 7);
        agent.used(KEY, 3, now, null);
        perform(agent.tick(now.plus(HEARTBEAT)));
        TouchRequest fenced = sent(TouchRequest.class);
        perform(agent.delivered(now, fenced, new Delivery.Replied<>(new Reply.Fenced<>("another incarnation"))));
        JoinRequest join = sent(JoinRequest.class);
        effects.clear();
        answer(join, joined(2, false));
        perform(agent.tick(now));
        TouchRequest again = sent(TouchRequest.class);
        assertThat(again.used()).extracting(TouchRequest.Used::name, TouchRequest.Used::hits).containsExactly(tuple(KEY, 3L));
        assertThat(again.sender().incarnation()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aRegistryThatIsJoinedHearsWhenImagesWereReadLastAlsoOfThoseThatAreLost(boolean present) {
        join();
        put(1, 7);
        perform(agent.accessed(KEY, now.plusSeconds(1)));
        now = now.plusSeconds(61);
        restart(present ? Set.of(id(1)) : Set.of());
        answer(sent(JoinRequest.class), joined(2, false));
        perform(agent.tick(now));
        assertThat(sent(TouchRequest.class).used()).containsExactly(new TouchRequest.Used(KEY, 0, 60_000L));
    }

    @Test
    void aRegistryThatIsJoinedHearsOfAReadThoughTheClockWentBackBeforeIt() {
        join();
        put(1, 7);
        perform(agent.accessed(KEY, now.minusSeconds(3_600)));
        restart(Set.of(id(1)));
        answer(sent(JoinRequest.class), joined(2, false));
        perform(agent.tick(now));
        assertThat(sent(TouchRequest.class).used()).extracting(TouchRequest.Used::name, TouchRequest.Used::hits)
                .containsExactly(tuple(KEY, 0L));
    }

    @Test
    void aReadWhileANewImageOfItsKeyWasOnTheWayIsNotForgotten() {
        join();
        put(1, 7);
        perform(agent.offer(now, offer(2, 0), null));
        perform(agent.accessed(KEY, now.plusSeconds(1)));
        answer(sent(RegisterRequest.class), outcomes(registered(2, 8)));
        now = now.plusSeconds(61);
        restart(Set.of(id(1), id(2)));
        answer(sent(JoinRequest.class), joined(2, false));
        perform(agent.tick(now));
        assertThat(sent(TouchRequest.class).used()).containsExactly(new TouchRequest.Used(KEY, 0, 60_000L));
    }

    @Test
    void beforeItStopsAHostTellsWhatWasReadAndWaitsForTheAnswer() {
        join();
        put(1, 7);
        assertThat(agent.hasUsesToTell()).isFalse();
        agent.used(KEY, 1, now, null);
        perform(agent.tellUses(now));
        assertThat(agent.hasUsesToTell()).isTrue();
        answer(sent(TouchRequest.class), new TouchRequest.Counted());
        assertThat(agent.hasUsesToTell()).isFalse();
    }

    @Test
    void aPutIsNotHeldUpByUsesThatGoOnNorByATouchThatFails() {
        join();
        put(1, 7);
        agent.used(KEY, 1, now, null);
        perform(agent.offer(now, offer(2, 0), null));
        agent.used(KEY, 1, now, null);
        answer(sent(TouchRequest.class), new TouchRequest.Counted());
        assertThat(sent(RegisterRequest.class).items().getFirst().replicaId()).isEqualTo(id(2));
        RegisterRequest second = sent(RegisterRequest.class);
        effects.clear();
        answer(second, outcomes(registered(2, 8)));
        perform(agent.offer(now, offer(3, 0), null));
        perform(agent.delivered(now, sent(TouchRequest.class), new Delivery.Lost<>("touch: answered 500")));
        assertThat(sent(RegisterRequest.class).items().getFirst().replicaId()).isEqualTo(id(3));
    }

    @Test
    void ofMoreKeysThanAMessageTakesTheOldestUsesAreForgotten() {
        join();
        for (int number = 0; number <= UseLog.KEYS_MAX; number++) {
            agent.used(new EntryName(KEY.namespace(), new EntryKey("k" + number)), 1, now.plusMillis(number), null);
        }
        perform(agent.tellUses(now));
        assertThat(sent(TouchRequest.class).used()).hasSize(UseLog.KEYS_MAX)
                .first()
                .extracting(used -> used.name().key().value())
                .isEqualTo("k1");
    }

    @Test
    void aFailedRemovalIsReportedAndTriedAgain() {
        join();
        put(1, 7);
        perform(agent.ordered(now, order(1), null));
        effects.clear();
        perform(agent.removalFailed(now, id(1), "read-only file system"));
        assertThat(reports()).extracting(Report::result, Report::why)
                .containsExactly(tuple(Report.Result.FAILED, "read-only file system"));
        assertThat(toTrash()).isEmpty();
        now = now.plus(HostTimes.DEFAULTS.removalRetry());
        perform(agent.tick(now));
        assertThat(toTrash()).containsExactly(id(1));
    }

    @Test
    void aRemovalThatFailsAgainAndAgainIsTriedLessAndLessOften() {
        join();
        put(1, 7);
        perform(agent.ordered(now, order(1), null));
        List<Duration> pauses = new ArrayList<>();
        for (int attempt = 0; attempt < 9; attempt++) {
            effects.clear();
            perform(agent.removalFailed(now, id(1), "read-only file system"));
            Instant failedAt = now;
            while (toTrash().isEmpty()) {
                now = now.plus(HostTimes.DEFAULTS.removalRetry());
                perform(agent.tick(now));
            }
            pauses.add(Duration.between(failedAt, now));
        }
        assertThat(pauses).extracting(Duration::toSeconds).containsExactly(10L, 20L, 40L, 80L, 160L, 320L, 600L, 600L, 600L);
        perform(agent.trashed(id(1)));
        effects.clear();
        perform(agent.removalFailed(now, id(1), "busy"));
        now = now.plus(HostTimes.DEFAULTS.removalRetry());
        perform(agent.tick(now));
        assertThat(effects).as("the first failure of the next step").contains(new Effect.Unlink(id(1)));
    }

    @Test
    void anEvictionThatWasAnsweredIsNotServedAnyMoreBeforeItsOrderComes() {
        join();
        put(1, 7);
        perform(agent.deleted(KEY, snapshot(2), null));
        assertThat(agent.served(KEY)).as("another snapshot").isPresent();
        perform(agent.deleted(KEY, snapshot(1), null));
        assertThat(agent.served(KEY)).isEmpty();
        assertThat(toTrash()).isEmpty();
    }
}
