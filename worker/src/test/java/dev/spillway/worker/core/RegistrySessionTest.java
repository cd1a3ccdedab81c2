package dev.spillway.worker.core;

import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.RegistryId;
import dev.spillway.events.Report;
import dev.spillway.events.protocol.DiscrepancyAnswer;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.HeartbeatAnswer;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.Intervals;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.ReconcileAnswer;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.worker.core.model.Delivery;
import dev.spillway.worker.core.model.Effect;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Joining, being refused, and going on after a restart. */
final class RegistrySessionTest extends AgentTest {
    @Test
    void aHostDrainsForAsLongAsTheRegistrySaysSo() {
        join();
        assertThat(agent.isDraining()).isFalse();
        saysInHeartbeat(true);
        assertThat(agent.isDraining()).isTrue();
        saysInHeartbeat(false);
        assertThat(agent.isDraining()).isFalse();

        restart(Set.of());
        answer(sent(JoinRequest.class), joined(REGISTRY, 1, 2, false, true, false));
        assertThat(agent.isDraining()).as("told at the join").isTrue();
    }

    @Test
    void aHostThatIsRetiredWhileItDrainsDrainsNoMore() {
        join();
        saysInHeartbeat(true);
        assertThat(agent.isDraining()).isTrue();
        now = now.plus(HEARTBEAT);
        perform(agent.tick(now));
        perform(
                agent.delivered(
                        now,
                        sent(HeartbeatRequest.class),
                        new Delivery.Replied<>(new Reply.Fenced<>("incarnation: 1 (expected: 2)"))));
        answer(sent(JoinRequest.class), new JoinAnswer.Refused(JoinAnswer.Reason.RETIRED, "readmit it"));
        assertThat(agent.refusal()).contains("RETIRED: readmit it");
        assertThat(agent.isDraining()).isFalse();
    }

    private void saysInHeartbeat(boolean draining) {
        now = now.plus(HEARTBEAT);
        perform(agent.tick(now));
        answer(
                sent(HeartbeatRequest.class),
                new HeartbeatAnswer(List.of(), List.of(), 3, null, false, new Intervals(HEARTBEAT, RECONCILE), draining));
    }

    @Test
    void fencedIsNoAnswer() {
        join();
        perform(agent.offer(now, offer(1, 0), null));
        perform(
                agent.delivered(
                        now,
                        sent(RegisterRequest.class),
                        new Delivery.Replied<>(new Reply.Fenced<>("incarnation: 1 (expected: 2)"))));
        assertThat(agent.isJoined()).isFalse();
        assertThat(index.get(id(1))).extracting(ReplicaRecord::state).isEqualTo(ReplicaState.PENDING);
        answer(sent(JoinRequest.class), joined(2, false));
        assertThat(sent(ResolveRequest.class).replicaIds()).containsExactly(id(1));
    }

    @Test
    void aRestartGoesOnInEveryState() {
        join();
        perform(agent.offer(now, offer(1, 0), null));
        for (int number = 2; number <= 4; number++) {
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
                            List.of(ReplicaState.DOOMED, ReplicaState.TRASH, ReplicaState.GONE).get(number - 2),
                            true,
                            1,
                            now,
                            now));
        }
        restart(Set.of(id(1), id(2)));
        assertThat(toTrash()).containsExactly(id(2));
        assertThat(effects).contains(new Effect.Unlink(id(3)));
        answer(sent(JoinRequest.class), joined(2, false));
        assertThat(sent(ResolveRequest.class).replicaIds()).containsExactly(id(1));
        assertThat(heartbeat(List.of()).unacknowledged()).extracting(Report::replicaId).containsExactly(id(4));
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
    void anOlderCopyOfTheStoreSaysSoAndServesNothingUntilItIsCompared() {
        perform(agent.start(now, Set.of()));
        assertThat(sent(JoinRequest.class).incarnation()).as("a new store").isZero();
        answer(sent(JoinRequest.class), joined(4, false));
        put(1, 7);
        restart(Set.of(id(1)));
        assertThat(sent(JoinRequest.class).incarnation()).isEqualTo(4);
        answer(sent(JoinRequest.class), joined(9, true));
        assertThat(agent.served(KEY)).isEmpty();

        restart(Set.of(id(1)));
        assertThat(agent.served(KEY)).as("the process died before it was compared").isEmpty();
        assertThat(sent(JoinRequest.class).incarnation()).isEqualTo(9);
        answer(sent(JoinRequest.class), joined(10, true));
        perform(agent.tick(now));
        answer(sent(ReconcileRequest.class), new ReconcileAnswer(List.of(id(1)), true));
        assertThat(agent.hasCompared()).isFalse();
        answer(sent(DiscrepancyRequest.class), new DiscrepancyAnswer(0, 0, 0));
        assertThat(agent.hasCompared()).isTrue();
        assertThat(agent.served(KEY)).as("what the registry knows is served again").isPresent();
    }

    @Test
    void aLostJoinAnswerLeavesTheStoreBehindAndItSaysSo() {
        join();
        restart(Set.of());
        perform(agent.delivered(now, sent(JoinRequest.class), new Delivery.Lost<>("no answer")));
        now = agent.nextTick();
        perform(agent.tick(now));
        assertThat(allSent(JoinRequest.class)).hasSize(2).extracting(JoinRequest::incarnation).containsOnly(1L);
    }

    @Test
    void whatTheFirstComparisonOfAProcessDoesNotFindAtTheRegistryIsServedNoMore() {
        join();
        put(1, 7);
        restart(Set.of(id(1)));
        answer(sent(JoinRequest.class), joined(2, false));
        perform(agent.tick(now));
        answer(sent(ReconcileRequest.class), new ReconcileAnswer(List.of(), true));
        assertThat(agent.served(KEY)).isEmpty();
        assertThat(sent(DiscrepancyRequest.class).orphans()).extracting(DiscrepancyRequest.Orphan::replicaId).containsExactly(id(1));
        assertThat(index).as("kept until the registry orders it away").containsKey(id(1));
        assertThat(toTrash()).isEmpty();
    }

    @Test
    void aRhythmThatAHeartbeatTellsIsTakenOn() {
        join();
        now = now.plus(HEARTBEAT);
        perform(agent.tick(now));
        answer(sent(ReconcileRequest.class), new ReconcileAnswer(List.of(), true));
        answer(sent(DiscrepancyRequest.class), new DiscrepancyAnswer(0, 0, 0));
        Duration quick = Duration.ofMillis(300);
        answer(
                sent(HeartbeatRequest.class),
                new HeartbeatAnswer(List.of(), List.of(), 3, null, false, new Intervals(quick, Duration.ofSeconds(3)), false));
        effects.clear();
        now = now.plus(quick);
        perform(agent.tick(now));
        assertThat(allSent(HeartbeatRequest.class)).hasSize(1);
        answer(
                sent(HeartbeatRequest.class),
                new HeartbeatAnswer(List.of(), List.of(), 3, null, false, new Intervals(quick, Duration.ofSeconds(3)), false));
        now = now.plus(quick);
        perform(agent.tick(now));
        assertThat(allSent(HeartbeatRequest.class)).as("told again, it changes nothing").hasSize(2);
        assertThat(allSent(ReconcileRequest.class)).isEmpty();
        now = now.plus(Duration.ofSeconds(5));
        perform(agent.tick(now));
        assertThat(allSent(ReconcileRequest.class)).as("jittered by half").hasSize(1);

        answer(
                sent(HeartbeatRequest.class),
                new HeartbeatAnswer(List.of(), List.of(), 3, null, false, new Intervals(HEARTBEAT, RECONCILE), false));
        effects.clear();
        now = now.plus(quick);
        perform(agent.tick(now));
        answer(
                sent(HeartbeatRequest.class),
                new HeartbeatAnswer(List.of(), List.of(), 3, null, false, new Intervals(HEARTBEAT, RECONCILE), false));
        now = now.plus(quick);
        perform(agent.tick(now));
        assertThat(allSent(HeartbeatRequest.class)).as("longer again").hasSize(1);
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
    void oneOfTwoProcessesWithOneStoreServesNothingWhileTheOtherIsTheHost() {
        join();
        assertThat(sent(JoinRequest.class).process()).isEqualTo(new JoinRequest.WorkerProcess(SELF.processId(), false));
        put(1, 7);
        now = now.plus(HEARTBEAT);
        perform(agent.tick(now));
        perform(
                agent.delivered(
                        now,
                        sent(HeartbeatRequest.class),
                        new Delivery.Replied<>(new Reply.Fenced<>("incarnation: 1 (expected: 2)"))));
        assertThat(sent(JoinRequest.class).process()).isEqualTo(new JoinRequest.WorkerProcess(SELF.processId(), true));
        answer(sent(JoinRequest.class), new JoinAnswer.Refused(JoinAnswer.Reason.SUPERSEDED, "stop one of the two"));
        assertThat(agent.isJoined()).isFalse();
        assertThat(agent.refusal()).contains("SUPERSEDED: stop one of the two");
        assertThat(agent.served(KEY)).as("nobody tells it what is evicted").isEmpty();
        assertThat(index).containsKey(id(1));
        assertThat(toTrash()).isEmpty();

        effects.clear();
        now = agent.nextTick();
        perform(agent.tick(now));
        answer(sent(JoinRequest.class), joined(3, false));
        assertThat(agent.served(KEY)).as("not compared yet").isEmpty();
        perform(agent.tick(now));
        answer(sent(ReconcileRequest.class), new ReconcileAnswer(List.of(id(1)), true));
        answer(sent(DiscrepancyRequest.class), new DiscrepancyAnswer(0, 0, 0));
        assertThat(agent.served(KEY)).isPresent();
    }

    @Test
    void aStoreOfAnotherRegistryIsNotObeyedAndKeepsAndServesWhatItHas() {
        join();
        put(1, 7);
        restart(Set.of(id(1)));
        RegistryId other = new RegistryId(new UUID(8, 8));
        answer(sent(JoinRequest.class), joined(other, 1, 4, true, false, false));
        assertThat(agent.isJoined()).isFalse();
        assertThat(agent.refusal()).hasValueSatisfying(
                why -> assertThat(why).startsWith("OTHER_REGISTRY: ").contains(REGISTRY.toString(), other.toString()));
        assertThat(membership.registryId()).isEqualTo(REGISTRY);
        assertThat(agent.served(KEY)).isPresent();
        assertThat(toTrash()).isEmpty();
        assertThat(allSent(ReconcileRequest.class)).isEmpty();
    }
}
