package dev.spillway.worker.core;

import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.worker.core.model.Effect;
import dev.spillway.worker.core.model.IndexChange;
import dev.spillway.worker.core.model.KeptRequest;
import dev.spillway.worker.core.model.KeyedDeletion;
import dev.spillway.worker.core.model.KeyedPut;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.core.model.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/** An answer is kept under its idempotency key if the same put can never be answered otherwise. */
class KeptRequestsTest {
    private static final Instant NOW = Instant.parse("2026-11-21T08:00:00Z");
    private static final ReplicaId REPLICA = ReplicaId.mint(NOW, new Random(1));
    private static final KeptRequest.Put REQUEST = new KeptRequest.Put("key", "digest", REPLICA, 4096, NOW, null, null);

    private final KeptRequests requests = new KeptRequests(List.of(), Duration.ofHours(24));

    private static List<IndexChange> changes(Consumer<Step.Builder> doing) {
        Step.Builder out = new Step.Builder();
        doing.accept(out);
        return out.build().changes();
    }

    private List<IndexChange> changesAfter(PutOutcome outcome) {
        changes(out -> requests.keep(REQUEST, out));
        return changes(out -> requests.settle(List.of(new Effect.Settle(REPLICA, outcome)), out));
    }

    @ParameterizedTest
    @EnumSource
    void aRefusedPutLeavesItsKey(ReplicaOutcome.Reason reason) {
        assertThat(changesAfter(new PutOutcome.Refused(reason, "why"))).containsExactly(new IndexChange.RemoveRequest("key"));
    }

    @Test
    void aPutThatWasNotRegisteredLeavesItsKey() {
        assertThat(changesAfter(new PutOutcome.NotRegistered("why"))).containsExactly(new IndexChange.RemoveRequest("key"));
    }

    static Stream<PutOutcome> lasting() {
        return Stream.of(new PutOutcome.Stored(new SnapshotId("image"), 7, List.of()), new PutOutcome.Evicted(), new PutOutcome.Gone());
    }

    @ParameterizedTest
    @MethodSource("lasting")
    void whatNeverChangesIsKept(PutOutcome outcome) {
        assertThat(changesAfter(outcome)).containsExactly(new IndexChange.PutRequest(REQUEST.settled(outcome)));
    }

    @Test
    void aPutIsAnsweredOnceAndItsKeyIsFreeAfterItsTime() {
        changesAfter(new PutOutcome.Gone());
        assertThat(changes(out -> requests.settle(List.of(new Effect.Settle(REPLICA, new PutOutcome.Evicted())), out))).isEmpty();
        assertThat(changes(out -> requests.sweep(NOW.plus(Duration.ofHours(24)), out))).isEmpty();
        assertThat(changes(out -> requests.sweep(NOW.plus(Duration.ofHours(25)), out)))
                .containsExactly(new IndexChange.RemoveRequest("key"));
    }

    @Test
    void aPutWithoutAnAnswerIsNeverForgotten() {
        KeptRequests loaded = new KeptRequests(List.of(REQUEST), Duration.ofHours(24));
        assertThat(changes(out -> loaded.sweep(NOW.plus(Duration.ofDays(365)), out))).isEmpty();
        assertThat(loaded.put("key")).isEqualTo(new KeyedPut.Met(REQUEST));
        assertThat(loaded.outcome(REQUEST)).isEmpty();
    }

    @Test
    void aDeletionsKeyServesNoOtherRequest() {
        SnapshotId image = new SnapshotId("image");
        KeptRequest.Deletion begun = new KeptRequest.Deletion("key", "digest", NOW, null);
        Step.Builder out = new Step.Builder();
        assertThat(requests.delete(NOW, "key", "digest", out)).isEqualTo(new KeyedDeletion.Begun(true));
        assertThat(requests.delete(NOW, "key", "digest", out)).isEqualTo(new KeyedDeletion.Begun(false));
        assertThat(requests.delete(NOW, "key", "other", out)).isEqualTo(new KeyedDeletion.KeyTaken());
        requests.deleted("key", image, out);
        assertThat(requests.delete(NOW, "key", "digest", out)).isEqualTo(new KeyedDeletion.Done(image));
        assertThat(out.build().changes()).containsExactly(
                new IndexChange.PutRequest(begun),
                new IndexChange.PutRequest(begun.settled(image)));
        assertThat(changes(more -> requests.forget("key", more))).containsExactly(new IndexChange.RemoveRequest("key"));
        changes(more -> requests.keep(REQUEST, more));
        assertThat(requests.delete(NOW, "key", "digest", new Step.Builder())).isEqualTo(new KeyedDeletion.KeyTaken());
    }

    @Test
    void aPutIsCarriedOutOnceUnderItsKey() {
        assertThat(requests.put("key")).isEqualTo(new KeyedPut.Begun());
        changes(out -> requests.keep(REQUEST, out));
        assertThat(requests.put("key")).isEqualTo(new KeyedPut.Met(REQUEST));
        assertThat(requests.outcome(REQUEST)).isEmpty();
        PutOutcome gone = new PutOutcome.Gone();
        changes(out -> requests.settle(List.of(new Effect.Settle(REPLICA, gone)), out));
        assertThat(requests.put("key")).isEqualTo(new KeyedPut.Met(REQUEST.settled(gone)));
        assertThat(requests.outcome(REQUEST)).contains(gone);
        requests.delete(NOW, "other", "digest", new Step.Builder());
        assertThat(requests.put("other")).isEqualTo(new KeyedPut.KeyTaken());
    }

    /** A caller that waits for the first put must not get the outcome of the second. */
    @Test
    void aPutThatWasForgottenIsNotRegisteredWhoeverHasItsKeyNow() {
        assertThat(requests.outcome(REQUEST)).containsInstanceOf(PutOutcome.NotRegistered.class);
        KeptRequest.Put second =
                new KeptRequest.Put("key", "digest", ReplicaId.mint(NOW, new Random(2)), 4096, NOW, null, new PutOutcome.Gone());
        changes(out -> requests.keep(second, out));
        assertThat(requests.outcome(REQUEST)).containsInstanceOf(PutOutcome.NotRegistered.class);
        assertThat(requests.outcome(second)).contains(new PutOutcome.Gone());
    }
}
