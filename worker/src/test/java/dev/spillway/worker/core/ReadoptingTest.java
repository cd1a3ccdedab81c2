package dev.spillway.worker.core;

import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.Order;
import dev.spillway.events.OrderCause;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.protocol.DiscrepancyAnswer;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.DropAnswer;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.ReadoptRequest;
import dev.spillway.events.protocol.Readoption;
import dev.spillway.events.protocol.ReconcileAnswer;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.worker.core.model.Delivery;
import dev.spillway.worker.core.model.Hold;
import dev.spillway.worker.core.model.HostTimes;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/** Telling a registry that was restored what this host holds. */
final class ReadoptingTest extends AgentTest {
    private static JoinAnswer restored(long epoch, long incarnation) {
        return joined(REGISTRY, epoch, incarnation, false, false, true);
    }

    /** Holds generation 7 of the key when the registry comes back restored. */
    private Readoption toldAfterRestore() {
        join();
        put(1, 7);
        rejoin(2);
        return sent(ReadoptRequest.class).items().getFirst();
    }

    private void rejoin(long epoch) {
        now = now.plusMillis(1);
        Set<ReplicaId> images = Set.copyOf(index.values().stream().map(ReplicaRecord::image).toList());
        restart(images);
        answer(sent(JoinRequest.class), restored(epoch, 1));
    }

    private static ReplicaOutcome taken(Readoption item) {
        return new ReplicaOutcome.Registered(item.replicaId(), item.snapshotId(), item.generation(), List.of());
    }

    private Order order(ReplicaId id) {
        return new Order(id, SELF.hostId(), SELF.storeId(), KEY.namespace(), KEY.key(), 7, null, OrderCause.CAPACITY, 1, now);
    }

    private ReplicaRecord only() {
        assertThat(index).hasSize(1);
        return index.values().iterator().next();
    }

    @Test
    void whatIsHeldIsToldUnderANewIdThatIsDurableFirstAndServedAllTheTime() {
        Readoption told = toldAfterRestore();
        assertThat(told.formerId()).isEqualTo(id(1));
        assertThat(told.replicaId()).isNotEqualTo(id(1));
        assertThat(told.generation()).isEqualTo(7);
        assertThat(told.snapshotId()).isEqualTo(snapshot(1));
        assertThat(told.served()).isTrue();
        assertThat(only().readoption()).isEqualTo(new ReplicaRecord.Proposal(told.replicaId(), 2));
        assertThat(agent.served(KEY)).isPresent();

        answer(sent(ReadoptRequest.class), outcomes(taken(told)));
        assertThat(only().id()).isEqualTo(told.replicaId());
        assertThat(only().image()).as("its image stays where readers know it").isEqualTo(id(1));
        assertThat(agent.served(KEY)).map(ReplicaRecord::id).hasValue(told.replicaId());
        assertThat(sent(ReadoptRequest.class)).isEqualTo(new ReadoptRequest(sent(ReadoptRequest.class).sender(), List.of(), true));
    }

    @Test
    void aCrashAtAnyStepTellsTheSameIdAgain() {
        Readoption told = toldAfterRestore();
        rejoin(2);
        assertThat(sent(ReadoptRequest.class).items()).containsExactly(told);
        answer(sent(ReadoptRequest.class), outcomes(taken(told)));
        rejoin(2);
        assertThat(sent(ReadoptRequest.class).items()).as("nothing is left to tell").isEmpty();
        assertThat(sent(ReadoptRequest.class).last()).isTrue();
        assertThat(only().state()).isEqualTo(ReplicaState.LIVE);
        assertThat(agent.served(KEY)).isPresent();
    }

    @Test
    void aSpareCopyIsGivenUpUnderTheIdThatTheRegistryHasOfIt() {
        Readoption told = toldAfterRestore();
        ReadoptRequest readopt = sent(ReadoptRequest.class);
        put(2, 7);
        retry();
        assertThat(allSent(DropRequest.class)).as("the registry may have it under its next id").isEmpty();
        answer(readopt, outcomes(taken(told)));
        retry();
        assertThat(sent(DropRequest.class).items()).containsExactly(new DropRequest.Drop(told.replicaId(), DropRequest.Reason.BOUNDS));
    }

    @Test
    void aLostAnswerIsAskedForAgainAndALateOneIsHarmless() {
        Readoption told = toldAfterRestore();
        ReadoptRequest first = sent(ReadoptRequest.class);
        perform(agent.delivered(now, first, new Delivery.Lost<>("no answer")));
        effects.clear();
        retry();
        assertThat(sent(ReadoptRequest.class).items()).containsExactly(told);
        answer(sent(ReadoptRequest.class), outcomes(taken(told)));
        answer(first, outcomes(new ReplicaOutcome.Ended(told.replicaId())));
        assertThat(only().id()).isEqualTo(told.replicaId());
        assertThat(only().state()).isEqualTo(ReplicaState.LIVE);
    }

    @Test
    void anotherRestoreMeanwhileNeedsAnotherId() {
        Readoption told = toldAfterRestore();
        rejoin(3);
        Readoption again = sent(ReadoptRequest.class).items().getFirst();
        assertThat(again.formerId()).isEqualTo(id(1));
        assertThat(again.replicaId()).isNotEqualTo(told.replicaId());
        assertThat(only().readoption()).isEqualTo(new ReplicaRecord.Proposal(again.replicaId(), 3));
    }

    @Test
    void anOrderForTheNewIdRemovesTheImageThatHasTheOldOne() {
        Readoption told = toldAfterRestore();
        answer(sent(ReadoptRequest.class), outcomes(taken(told)));
        perform(agent.ordered(now, order(told.replicaId()), null));
        removeImage(1);
        assertThat(reports()).extracting(Report::replicaId, Report::result)
                .containsExactly(tuple(told.replicaId(), Report.Result.DELETED));
    }

    @Test
    void anOrderForTheFormerIdThatWasLostWithTheRestoreTouchesNothingAfterwards() {
        Readoption told = toldAfterRestore();
        answer(sent(ReadoptRequest.class), outcomes(taken(told)));
        perform(agent.ordered(now, order(id(1)), null));
        assertThat(reports()).extracting(Report::result).containsExactly(Report.Result.ABSENT);
        assertThat(toTrash()).isEmpty();
        assertThat(agent.served(KEY)).isPresent();
    }

    @Test
    void anOrderForTheFormerIdMeanwhileIsObeyedAndTheNewOneCancelled() {
        Readoption told = toldAfterRestore();
        ReadoptRequest request = sent(ReadoptRequest.class);
        perform(agent.ordered(now, order(id(1)), null));
        answer(request, outcomes(taken(told)));
        assertThat(only().state()).isEqualTo(ReplicaState.DOOMED);
        retry();
        assertThat(sent(DropRequest.class).items()).containsExactly(new DropRequest.Drop(told.replicaId(), DropRequest.Reason.CANCELLED));
        removeImage(1);
        assertThat(reports()).extracting(Report::replicaId).containsExactly(id(1));
    }

    @Test
    void anOrderForTheNewIdBeforeTheAnswerProvesThatItWasTaken() {
        Readoption told = toldAfterRestore();
        ReadoptRequest request = sent(ReadoptRequest.class);
        perform(agent.ordered(now, order(told.replicaId()), null));
        assertThat(agent.served(KEY)).isEmpty();
        answer(request, outcomes(taken(told)));
        removeImage(1);
        assertThat(only().state()).isEqualTo(ReplicaState.GONE);
        assertThat(reports()).extracting(Report::replicaId).containsExactly(told.replicaId());
    }

    @Test
    void whatIsSupersededIsServedNoMoreAndKeptUntilItsOrder() {
        Readoption told = toldAfterRestore();
        answer(sent(ReadoptRequest.class), outcomes(new ReplicaOutcome.Superseded(told.replicaId(), 7)));
        assertThat(only().id()).isEqualTo(told.replicaId());
        assertThat(only().state()).isEqualTo(ReplicaState.HIDDEN);
        assertThat(agent.served(KEY)).isEmpty();
        assertThat(toTrash()).isEmpty();
    }

    @Test
    void whatIsRefusedIsServedOnAndAskedAboutUntilItIsTaken() {
        Readoption told = toldAfterRestore();
        answer(
                sent(ReadoptRequest.class),
                outcomes(new ReplicaOutcome.Refused(told.replicaId(), ReplicaOutcome.Reason.UNKNOWN_NAMESPACE, "namespace: vm")));
        assertThat(agent.served(KEY)).isPresent();
        assertThat(allSent(ReadoptRequest.class)).as("not at once, and not as if it were all").hasSize(1);
        now = now.plus(HostTimes.DEFAULTS.joinRetryMax());
        perform(agent.tick(now));
        assertThat(sent(ReadoptRequest.class).items()).containsExactly(told);
        answer(sent(ReadoptRequest.class), outcomes(taken(told)));
        assertThat(sent(ReadoptRequest.class).last()).isTrue();
    }

    @Test
    void anIdThatEndedIsReplacedByAnother() {
        Readoption told = toldAfterRestore();
        answer(sent(ReadoptRequest.class), outcomes(new ReplicaOutcome.Ended(told.replicaId())));
        Readoption again = sent(ReadoptRequest.class).items().getFirst();
        assertThat(again.formerId()).isEqualTo(id(1));
        assertThat(again.replicaId()).isNotEqualTo(told.replicaId());
        assertThat(agent.served(KEY)).isPresent();
    }

    @Test
    void nothingIsComparedBeforeEverythingWasTold() {
        Readoption told = toldAfterRestore();
        perform(agent.tick(now));
        assertThat(allSent(ReconcileRequest.class)).isEmpty();
        answer(sent(ReadoptRequest.class), outcomes(taken(told)));
        perform(agent.tick(now));
        assertThat(allSent(ReconcileRequest.class)).isEmpty();
        answer(sent(ReadoptRequest.class), new ReplicaOutcomes(List.of()));
        perform(agent.tick(now));
        answer(sent(ReconcileRequest.class), new ReconcileAnswer(List.of(told.replicaId()), true));
        assertThat(sent(DiscrepancyRequest.class).orphans()).isEmpty();
        assertThat(sent(DiscrepancyRequest.class).ghosts()).isEmpty();
        answer(sent(DiscrepancyRequest.class), new DiscrepancyAnswer(0, 0, 0));
        assertThat(agent.hasCompared()).isTrue();
        assertThat(agent.served(KEY)).isPresent();
    }

    @Test
    void aHoldGoesOverToTheNewIdAndEndsThere() {
        join();
        put(1, 7);
        UUID hold = hold(Duration.ofHours(1));
        rejoin(2);
        Readoption told = sent(ReadoptRequest.class).items().getFirst();
        answer(sent(ReadoptRequest.class), outcomes(taken(told)));
        assertThat(holds.get(hold)).extracting(Hold::replicaId, Hold::owner).containsExactly(told.replicaId(), "builder");
        perform(agent.ordered(now, order(told.replicaId()), null));
        assertThat(toTrash()).as("held").isEmpty();
        assertThat(reports()).extracting(Report::result).containsExactly(Report.Result.DEFERRED);
        perform(agent.release(hold).step());
        assertThat(toTrash()).containsExactly(id(1));
    }

    @Test
    void aRestartFindsTheImageUnderItsOldName() {
        Readoption told = toldAfterRestore();
        answer(sent(ReadoptRequest.class), outcomes(taken(told)));
        restart(Set.of(id(1)));
        assertThat(only().state()).isEqualTo(ReplicaState.LIVE);
        answer(sent(JoinRequest.class), joined(REGISTRY, 2, 2, false, false, false));
        retry();
        assertThat(allSent(DropRequest.class)).as("nothing is lost").isEmpty();
        assertThat(allSent(ReadoptRequest.class)).as("nothing is told twice").isEmpty();
    }

    /** Holds generation 7 of the key on a volume that is away when the registry comes back restored. */
    private Readoption toldWithoutItsVolume() {
        join();
        put(1, 7);
        now = now.plusMillis(1);
        restart(Set.of());
        answer(sent(JoinRequest.class), restored(2, 1));
        return sent(ReadoptRequest.class).items().getFirst();
    }

    @Test
    void whatWaitsForItsVolumeIsToldAsHeldAndServedAgainOnceItIsBack() {
        Readoption told = toldWithoutItsVolume();
        assertThat(told.formerId()).isEqualTo(id(1));
        assertThat(told.served()).as("it would be if its volume were there").isTrue();
        assertThat(agent.served(KEY)).isEmpty();
        retry();
        assertThat(allSent(DropRequest.class)).as("the registry may have no row of it yet").isEmpty();

        answer(sent(ReadoptRequest.class), outcomes(taken(told)));
        answer(sent(ReadoptRequest.class), new ReplicaOutcomes(List.of()));
        retry();
        assertThat(sent(DropRequest.class).items()).containsExactly(new DropRequest.Drop(told.replicaId(), DropRequest.Reason.LOST));
        answer(sent(DropRequest.class), new DropAnswer(List.of(), List.of(told.replicaId())));
        perform(agent.tick(now));
        answer(sent(ReconcileRequest.class), new ReconcileAnswer(List.of(told.replicaId()), true));
        assertThat(sent(DiscrepancyRequest.class).ghosts()).as("so that a person is asked").containsExactly(told.replicaId());

        restart(Set.of(id(1)));
        assertThat(only().state()).isEqualTo(ReplicaState.LIVE);
        assertThat(agent.served(KEY)).map(ReplicaRecord::id).hasValue(told.replicaId());
    }

    @Test
    void whatIsSupersededWhileItsVolumeIsAwayIsNotServedWhenItIsBack() {
        Readoption told = toldWithoutItsVolume();
        answer(sent(ReadoptRequest.class), outcomes(new ReplicaOutcome.Superseded(told.replicaId(), 7)));
        retry();
        assertThat(allSent(DropRequest.class)).as("its order says what becomes of it").isEmpty();
        restart(Set.of(id(1)));
        assertThat(only().state()).isEqualTo(ReplicaState.HIDDEN);
        assertThat(agent.served(KEY)).isEmpty();
    }

    @Test
    void anOlderCopyOfTheStoreDoesNotServeWhatTheRegistryDoesNotKnowWhenItsVolumeIsBack() {
        join();
        put(1, 7);
        restart(Set.of());
        answer(sent(JoinRequest.class), joined(2, true));
        perform(agent.tick(now));
        answer(sent(ReconcileRequest.class), new ReconcileAnswer(List.of(), true));
        restart(Set.of(id(1)));
        assertThat(only().state()).isEqualTo(ReplicaState.HIDDEN);
    }

    @Test
    void onlyWhatIsInTheInventoryIsToldAndPendingOnesAreResolved() {
        join();
        put(1, 7);
        put(2, 8);
        perform(agent.offer(now, offer(3, 0), null));
        for (int number = 4; number <= 6; number++) {
            EntryName other = new EntryName(KEY.namespace(), new EntryKey("key-" + number));
            index.put(
                    id(number),
                    new ReplicaRecord(
                            id(number),
                            other,
                            snapshot(number),
                            number,
                            1,
                            Description.NONE,
                            List.of(ReplicaState.DOOMED, ReplicaState.TRASH, ReplicaState.GONE).get(number - 4),
                            true,
                            1,
                            now,
                            now));
        }
        rejoin(2);
        assertThat(sent(ReadoptRequest.class).items()).extracting(Readoption::formerId, Readoption::served)
                .containsExactlyInAnyOrder(tuple(id(1), false), tuple(id(2), true));
        assertThat(sent(ResolveRequest.class).replicaIds()).containsExactly(id(3));
        answer(sent(ResolveRequest.class), outcomes(registered(3, 9)));
        assertThat(index.get(id(3))).as("the backup has its row").extracting(ReplicaRecord::registeredEpoch).isEqualTo(2L);
        answer(
                sent(ReadoptRequest.class),
                new ReplicaOutcomes(sent(ReadoptRequest.class).items().stream().map(ReadoptingTest::taken).toList()));
        assertThat(sent(ReadoptRequest.class).items()).as("what was registered in this epoch is not told").isEmpty();
    }

    @Test
    void manyAreToldInPartsTheLeastRecentlyUsedFirst() {
        join();
        for (int number = 1; number <= 1_200; number++) {
            EntryName other = new EntryName(KEY.namespace(), new EntryKey("key-" + number));
            index.put(
                    id(number),
                    new ReplicaRecord(
                            id(number),
                            other,
                            snapshot(number),
                            number,
                            1,
                            Description.NONE,
                            ReplicaState.LIVE,
                            false,
                            0,
                            now,
                            now.minusSeconds(number)));
        }
        rejoin(2);
        int told = 0;
        for (ReadoptRequest request = sent(ReadoptRequest.class); !request.last(); request = sent(ReadoptRequest.class)) {
            assertThat(request.items()).hasSizeLessThanOrEqualTo(500);
            assertThat(request.items().getFirst().formerId()).isEqualTo(id(1_200 - told));
            told += request.items().size();
            answer(request, new ReplicaOutcomes(request.items().stream().map(ReadoptingTest::taken).toList()));
        }
        assertThat(told).isEqualTo(1_200);
        assertThat(index.values()).allMatch(replica -> Long.valueOf(2).equals(replica.registeredEpoch()));
    }
}
