package dev.spillway.worker.host;

import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.worker.core.Effect;
import dev.spillway.worker.core.IndexChange;
import dev.spillway.worker.core.KeptRequest;
import dev.spillway.worker.core.PutOutcome;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/** An answer is kept under its idempotency key if the same put can never be answered otherwise. */
class RequestLogTest {
    private static final Instant NOW = Instant.parse("2026-11-21T08:00:00Z");
    private static final ReplicaId REPLICA = ReplicaId.mint(NOW, new Random(1));
    private static final KeptRequest.Put REQUEST = new KeptRequest.Put("key", "digest", REPLICA, 4096, NOW, null, null);

    private static List<IndexChange> changesAfter(PutOutcome outcome) {
        RequestLog log = new RequestLog(List.of(), Duration.ofHours(24));
        log.begin(REQUEST);
        return log.settled(List.of(new Effect.Settle(REPLICA, outcome)));
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
}
