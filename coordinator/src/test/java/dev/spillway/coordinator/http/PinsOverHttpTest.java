package dev.spillway.coordinator.http;

import dev.spillway.api.body.Entries;
import dev.spillway.api.body.Namespaces;
import dev.spillway.api.body.Pins;
import dev.spillway.events.PinReason;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class PinsOverHttpTest extends OverHttp {
    private static final String PIN = "/v1/namespaces/vm/entries/a%2Fb/pin";

    PinsOverHttpTest() {
        super(1);
    }

    @BeforeEach
    void put() throws Exception {
        http.put("/v1/namespaces/vm/entries/a%2Fb", "{\"snapshotId\":\"s\",\"sizeBytes\":3}").is(200);
    }

    @Test
    void aPinnedEntryStaysAndShowsItsPin() throws Exception {
        Instant until = ServedRegistry.START.plus(Duration.ofDays(3));
        Pins.Pin pin = new Pins.Pin(new PinReason("release 4"), until, ServedRegistry.START);
        assertThat(http.put(PIN, "{\"reason\":\"release 4\",\"until\":\"2026-11-24T09:00:00+01:00\"}").is(200).as(Pins.Pin.class))
                .isEqualTo(pin);
        assertThat(http.put("/v1/namespaces/vm/entries/other", "{\"snapshotId\":\"s\"}").is(200).as(Entries.Stored.class).evicted())
                .isEmpty();
        assertThat(http.get("/v1/namespaces/vm/entries/a%2Fb").is(200).as(Entries.Entry.class).pin()).isEqualTo(pin);
        assertThat(http.get("/v1/namespaces/vm/entries?prefix=a").tree().path("items").path(0).path("pin").path("reason").asText())
                .isEqualTo("release 4");
        assertThat(http.get("/v1/namespaces/vm").as(Namespaces.Namespace.class)).extracting(
                Namespaces.Namespace::entries,
                Namespaces.Namespace::pinnedEntries,
                Namespaces.Namespace::pinnedBytes).containsExactly(2L, 1L, 3L);
    }

    @Test
    void aPinIsLiftedOnce() throws Exception {
        http.put(PIN, "{\"reason\":\"x\"}").is(200);
        for (int time = 0; time < 2; time++) {
            assertThat(http.delete(PIN, "Idempotency-Key", "lift").is(200).as(Pins.Lifted.class)).isEqualTo(new Pins.Lifted(true));
        }
        assertThat(http.delete(PIN).is(200).as(Pins.Lifted.class)).isEqualTo(new Pins.Lifted(false));
        assertThat(http.get("/v1/namespaces/vm/entries/a%2Fb").tree().has("pin")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                    "{}|reason: missing (expected: a text)",
                    "{\"reason\":\"\"}|reason:  (expected: 1 to 512 bytes of UTF-8, not 0)",
                    "{\"reason\":\"  \"}|reason:    (expected: a reason that is more than blanks)",
                    "{\"reason\":\"x\",\"until\":\"tomorrow\"}|until: tomorrow (expected: a time such as 2026-12-31T23:59:59Z, at most 9999-12-31T23:59:59Z)",
                    "{\"reason\":\"x\",\"until\":\"+10000-01-01T00:00:00Z\"}|until: +10000-01-01T00:00:00Z (expected: a time such as 2026-12-31T23:59:59Z, at most 9999-12-31T23:59:59Z)",
                    "{\"reason\":\"x\",\"until\":1}|until: 1 (expected: a text)",
                    "{\"reason\":\"x\",\"until\":\"2026-11-21T08:00:00Z\"}|until: 2026-11-21T08:00:00Z (expected: a time after 2026-11-21T08:00:00Z, which it is at the registry)"})
    void aPinThatIsWrongIsRefusedAndChangesNothing(String body, String detail) throws Exception {
        http.put(PIN, body).isProblem(400, "invalid-value", detail);
        assertThat(http.get("/v1/namespaces/vm").as(Namespaces.Namespace.class).pinnedEntries()).isZero();
    }

    @Test
    void aReasonThatIsTooLongIsShownCut() throws Exception {
        assertThat(http.put(PIN, "{\"reason\":\"" + "r".repeat(513) + "\"}").is(400).tree().path("detail").asText())
                .isEqualTo("reason: " + "r".repeat(120) + "... (expected: 1 to 512 bytes of UTF-8, not 513)");
    }

    @Test
    void whatIsUnknownIsNamed() throws Exception {
        http.put("/v1/namespaces/vm/entries/none/pin", "{\"reason\":\"x\"}")
                .isProblem(404, "unknown-entry", "key: none (expected: a key in namespace vm)");
        http.delete("/v1/namespaces/vm/entries/none/pin").is(404);
        http.delete("/v1/namespaces/nowhere/entries/a/pin")
                .isProblem(404, "unknown-namespace", "namespace: nowhere (expected: a namespace that was created)");
    }
}
