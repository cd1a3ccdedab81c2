package dev.spillway.worker.core;

import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.DiscrepancyAnswer;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.DropAnswer;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.ReconcileAnswer;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.worker.core.model.Delivery;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The host's disk, its index and the registry differ. */
final class ReconcilingTest extends AgentTest {
    @Test
    void ofTwoCopiesOfOneGenerationTheNewerServesAndTheOtherIsDropped() {
        join();
        put(1, 7);
        perform(agent.offer(now, offer(2, 7), null));
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

        perform(agent.tick(now));
        answer(sent(ReconcileRequest.class), new ReconcileAnswer(List.of(id(1)), true));
        assertThat(sent(DiscrepancyRequest.class).ghosts()).as("asked about until it is back").containsExactly(id(1));
    }

    /** Simulates a volume that is not mounted at one start, and mounted at the next. */
    @Test
    void anImageThatIsBackIsServedAgain() {
        join();
        put(1, 7);
        restart(Set.of());
        answer(sent(JoinRequest.class), joined(2, false));
        answer(sent(DropRequest.class), new DropAnswer(List.of(), List.of(id(1))));
        restart(Set.of());
        assertThat(agent.served(KEY)).isEmpty();
        restart(Set.of(id(1)));
        assertThat(agent.served(KEY)).map(ReplicaRecord::id).contains(id(1));
        restart(Set.of(id(1)));
        assertThat(agent.served(KEY)).map(ReplicaRecord::id).contains(id(1));
    }

    @Test
    void anImageThatIsBackIsServedAgainBesideASpareCopyOfIt() {
        join();
        put(1, 7);
        perform(agent.offer(now, offer(2, 7), null));
        answer(sent(AttachRequest.class), outcomes(registered(2, 7)));
        restart(Set.of());
        assertThat(agent.served(KEY)).isEmpty();
        restart(Set.of(id(1), id(2)));
        assertThat(agent.served(KEY)).map(ReplicaRecord::id).contains(id(2));
    }

    @Test
    void anImageThatIsBackIsNotServedOnceANewerOneWas() {
        join();
        put(1, 7);
        restart(Set.of());
        answer(sent(JoinRequest.class), joined(2, false));
        answer(sent(DropRequest.class), new DropAnswer(List.of(), List.of(id(1))));
        put(2, 8);
        assertThat(agent.served(KEY)).map(ReplicaRecord::id).contains(id(2));
        perform(agent.ordered(now, order(2), null));
        removeImage(2);
        heartbeat(List.of(id(2)));
        assertThat(index).as("nothing tells of the newer one").doesNotContainKey(id(2));
        restart(Set.of(id(1)));
        assertThat(index.values()).extracting(ReplicaRecord::state).contains(ReplicaState.HIDDEN).doesNotContain(ReplicaState.LIVE);
        assertThat(agent.served(KEY)).isEmpty();
    }

    @Test
    void whatAnEarlierIncarnationWasToldCountsNoMore() {
        join();
        perform(agent.offer(now, offer(1, 0), null));
        RegisterRequest first = sent(RegisterRequest.class);
        perform(agent.tick(now));
        answer(sent(ReconcileRequest.class), new ReconcileAnswer(List.of(), true));
        DiscrepancyRequest compared = sent(DiscrepancyRequest.class);
        heartbeatFenced();
        answer(sent(JoinRequest.class), joined(2, true));

        answer(first, outcomes(registered(1, 7)));
        answer(compared, new DiscrepancyAnswer(0, 0, 0));
        assertThat(index.get(id(1))).extracting(ReplicaRecord::state).isEqualTo(ReplicaState.PENDING);
        assertThat(membership.suspended()).isTrue();
        retry();
        assertThat(sent(ResolveRequest.class).replicaIds()).containsExactly(id(1));
    }

    private void heartbeatFenced() {
        now = now.plus(HEARTBEAT);
        perform(agent.tick(now));
        perform(agent.delivered(now, sent(HeartbeatRequest.class), new Delivery.Replied<>(new Reply.Fenced<>("incarnation"))));
    }

    @Test
    void aReconciliationNamesGhostsAndOrphansButNothingThatIsUnderWay() {
        join();
        put(1, 7);
        perform(agent.offer(now, offer(2, 0), null));
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
}
