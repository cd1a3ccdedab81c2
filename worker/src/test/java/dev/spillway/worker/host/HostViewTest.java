package dev.spillway.worker.host;

import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.worker.core.model.IndexChange;
import dev.spillway.worker.core.model.IndexContents;
import dev.spillway.worker.core.model.Membership;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class HostViewTest {
    private static final EntryName NAME = new EntryName(new NamespaceName("images"), new EntryKey("k"));
    private static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");

    private static ReplicaRecord replica(long number, ReplicaState state) {
        return new ReplicaRecord(
                new ReplicaId(new UUID(7, number)),
                NAME,
                new SnapshotId("s" + number),
                number,
                10,
                Description.NONE,
                state,
                false,
                0,
                NOW,
                NOW);
    }

    private static IndexChange put(long number, ReplicaState state) {
        return new IndexChange.PutReplica(replica(number, state));
    }

    @Test
    void aKeyThatIsReplacedIsServedAllTheTime() throws Exception {
        HostView view = new HostView(IndexContents.EMPTY, Set.of());
        view.apply(List.of(put(0, ReplicaState.LIVE)));
        AtomicBoolean running = new AtomicBoolean(true);
        CountDownLatch reads = new CountDownLatch(1_000);
        CompletableFuture<Boolean> always = CompletableFuture.supplyAsync(() -> {
            boolean served = true;
            while (running.get()) {
                served &= view.served(NAME).isPresent();
                reads.countDown();
            }
            return served;
        });
        for (long number = 1; number < 20_000 || reads.getCount() > 0; number++) {
            view.apply(List.of(put(number - 1, ReplicaState.HIDDEN), put(number, ReplicaState.PENDING), put(number, ReplicaState.LIVE)));
            view.apply(
                    List.of(
                            put(number - 1, ReplicaState.DOOMED),
                            new IndexChange.RemoveReplica(replica(number - 1, ReplicaState.GONE).id())));
        }
        running.set(false);
        assertThat(always.get()).isTrue();
        assertThat(view.counts()).containsEntry(ReplicaState.LIVE, 1L)
                .containsEntry(ReplicaState.HIDDEN, 0L)
                .containsEntry(ReplicaState.DOOMED, 0L);
        assertThat(view.bytes()).containsEntry(ReplicaState.LIVE, 10L);
    }

    @Test
    void aRecordWithoutItsImageAndARetiredHostServeNothing() {
        ReplicaRecord live = replica(1, ReplicaState.LIVE);
        IndexContents contents = new IndexContents(Membership.NONE, null, List.of(live), List.of(), List.of());
        assertThat(new HostView(contents, Set.of()).served(NAME)).isEmpty();
        HostView view = new HostView(contents, Set.of(live.id()));
        assertThat(view.served(NAME)).contains(live);
        view.apply(List.of(new IndexChange.PutMembership(new Membership(null, 1, 1, 1, true))));
        assertThat(view.served(NAME)).isEmpty();
        assertThat(view.served(NAME.namespace(), "", "", 10)).isEmpty();
        assertThat(view.totals(NAME.namespace())).isEqualTo(ServedReplicas.Totals.NONE);
        view.apply(List.of(new IndexChange.PutMembership(Membership.NONE), put(1, ReplicaState.HIDDEN)));
        assertThat(view.served(NAME)).isEmpty();
    }
}
