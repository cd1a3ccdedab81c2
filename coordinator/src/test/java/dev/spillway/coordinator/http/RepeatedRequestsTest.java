package dev.spillway.coordinator.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.api.body.Entries;
import dev.spillway.api.body.Namespaces;
import dev.spillway.coordinator.TroubledRegistry;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.RegisterRequest;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** A change with an Idempotency-Key happens once; storage that is away, or lost in mid-commit, is never answered as done. */
class RepeatedRequestsTest extends OverHttp {
    private static final String KEY = "Idempotency-Key";
    private static final String ENTRY = "/v1/namespaces/vm/entries/a";

    RepeatedRequestsTest() {
        super(10);
    }

    @Test
    void aRepeatedPutGetsTheFirstAnswer() throws Exception {
        JsonNode first = http.put(ENTRY, "{\"snapshotId\":\"s1\"}", KEY, "k").is(200).tree();
        http.put(ENTRY, "{\"snapshotId\":\"s2\"}").is(200);
        assertThat(http.put(ENTRY, "{\"snapshotId\":\"s1\"}", KEY, "k").is(200).tree()).isEqualTo(first);
        assertThat(http.get(ENTRY).as(Entries.Entry.class).snapshotId()).hasToString("s2");
    }

    @Test
    void aRepeatedDeleteGetsTheFirstAnswer() throws Exception {
        http.put(ENTRY, "{\"snapshotId\":\"s1\"}").is(200);
        for (int time = 0; time < 2; time++) {
            assertThat(http.delete(ENTRY, KEY, "d").is(200).as(Entries.Deleted.class).snapshotId()).hasToString("s1");
        }
        http.delete(ENTRY).is(404);
    }

    @Test
    void aKeyThatWasUsedForAnotherRequestIsRefused() throws Exception {
        String detail = "Idempotency-Key: k (expected: a key that was not used for another request)";
        http.put(ENTRY, "{\"snapshotId\":\"s1\"}", KEY, "k").is(200);
        http.put(ENTRY, "{\"snapshotId\":\"s2\"}", KEY, "k").isProblem(422, "idempotency-key-reused", detail);
        http.put("/v1/namespaces/vm/entries/b", "{\"snapshotId\":\"s1\"}", KEY, "k").isProblem(422, "idempotency-key-reused", detail);
        http.delete(ENTRY, KEY, "k").isProblem(422, "idempotency-key-reused", detail);
        http.put("/v1/namespaces/vm", "{\"maxEntries\":1}", KEY, "k").isProblem(422, "idempotency-key-reused", detail);
        http.post("/v1/namespaces/vm/clean", "{\"confirm\":\"vm\"}", KEY, "k").isProblem(422, "idempotency-key-reused", detail);
        assertThat(http.get(ENTRY).as(Entries.Entry.class).snapshotId()).hasToString("s1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"two words", ""})
    void aKeyThatIsNoneIsRefused(String key) throws Exception {
        http.put(ENTRY, "{\"snapshotId\":\"s1\"}", KEY, key)
                .isProblem(400, "invalid-value", "Idempotency-Key: " + key + " (expected: 1 to 255 visible ASCII characters)");
        http.put(ENTRY, "{\"snapshotId\":\"s1\"}", KEY, "x".repeat(256)).is(400);
        http.get(ENTRY).is(404);
    }

    @Test
    void storageThatIsAwayIsSaidToBeAwayAndNothingOfTheInsideIsShown() throws Exception {
        http.registry.now(TroubledRegistry.Trouble.UNAVAILABLE);
        for (var answer : List.of(
                http.put(ENTRY, "{\"snapshotId\":\"s1\"}"),
                http.put(ENTRY, "{\"snapshotId\":\"s1\"}", KEY, "k"),
                http.get(ENTRY),
                http.get("/v1/namespaces"),
                http.get("/v1/hosts"),
                http.get("/v1/evictions"),
                http.get("/v1/events"),
                http.delete(ENTRY))) {
            answer.isProblem(503, "registry-unavailable", "nothing was changed; the same request can be sent again");
            assertThat(answer.response.headers().firstValue("Retry-After")).hasValue("1");
            assertThat(answer.response.body()).doesNotContain("db.internal", "Exception", "refused\"");
        }
        http.registry.now(TroubledRegistry.Trouble.NONE);
        http.get(ENTRY).is(404);
    }

    @Test
    void aLostCommitIsUnknownUntilTheSameKeyIsAskedAgain() throws Exception {
        http.registry.now(TroubledRegistry.Trouble.LOST_WHILE_COMMITTING);
        var unknown = http.put(ENTRY, "{\"snapshotId\":\"s1\"}", KEY, "k")
                .isProblem(
                        504,
                        "outcome-unknown",
                        "the connection to the database was lost while committing; ask again with the same Idempotency-Key to learn the outcome, "
                                + "or without one if the change may be made twice");
        assertThat(unknown.response.body()).doesNotContain("db.internal");
        http.registry.now(TroubledRegistry.Trouble.NONE);
        http.put(ENTRY, "{\"snapshotId\":\"s1\"}", KEY, "k").is(200);
        assertThat(http.get("/v1/namespaces/vm").as(Namespaces.Namespace.class).entries()).isEqualTo(1);
    }

    @Test
    void putsAreRefusedWhileTooManyOrdersAreOpenAndDeletingIsNot() throws Exception {
        var sender = http.join("host-1");
        http.put(ENTRY, "{\"snapshotId\":\"s1\"}").is(200);
        http.openOrders.set(1_000);
        String detail = "open orders: 1000 (expected: under 1000; see GET /v1/hosts for the hosts that do not confirm)";
        var refused = http.put(ENTRY, "{\"snapshotId\":\"s2\"}").isProblem(503, "backlog", detail);
        assertThat(refused.response.headers().firstValue("Retry-After")).hasValue("10");
        http.worker(sender.hostId(), "register", new RegisterRequest(sender, List.of(http.registration("vm", "b", "sb"))))
                .isProblem(503, "backlog", detail);
        http.worker(sender.hostId(), "heartbeat", new HeartbeatRequest(sender, HostFigures.NONE, List.of(), 0, 0)).is(200);
        http.delete(ENTRY).is(200);
        http.openOrders.set(999);
        http.put(ENTRY, "{\"snapshotId\":\"s2\"}").is(200);
    }
}
