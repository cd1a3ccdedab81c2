package dev.spillway.events.codec;

import com.fasterxml.jackson.databind.JsonMappingException;
import dev.spillway.events.HostId;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class MessageKeyTest {
    private static final byte[] SECRET = HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    private static final MessageKey KEY = MessageKey.of(SECRET, new HostId("host-1"));
    private static final SortedMap<String, String> HEADERS =
            new TreeMap<>(Map.of("ce_type", "dev.spillway.order.v1", "ce_id", "1/1", "ce_time", "2026-03-01T10:00:00Z"));
    private static final EventMessage PROVEN = new EventMessage(HEADERS, "{}").provenBy(KEY);

    private static boolean proves(MessageKey key, Map<String, String> headers, String json) {
        return key.proves(headers, json.getBytes(StandardCharsets.UTF_8));
    }

    private static Map<String, String> with(String name, String value) {
        Map<String, String> changed = new TreeMap<>(PROVEN.headers());
        changed.put(name, value);
        return changed;
    }

    /** Compares with values that OpenSSL computed. A running fleet has these keys and codes, so they must never change. */
    @Test
    void aKeyAndACodeAreWhatOtherToolsComputeToo() {
        assertThat(KEY.reveal()).isEqualTo("uVNrJR8DZNerwV2-XIcPF8px6SFYUr5-PhabICzdvwQ");
        assertThat(PROVEN.headers()).containsEntry("ce_mac", "v9AEdzLP-iuwr3cQ3L3WqroWmBD8Bh7sFop0eKzmlYE");
    }

    @Test
    void aMessageIsProvenByItsOwnKeyAlone() {
        assertThat(proves(KEY, PROVEN.headers(), PROVEN.json())).isTrue();
        assertThat(proves(MessageKey.parse(KEY.reveal()), PROVEN.headers(), PROVEN.json())).isTrue();
        assertThat(proves(MessageKey.of(SECRET, new HostId("host-2")), PROVEN.headers(), PROVEN.json())).isFalse();
        assertThat(proves(MessageKey.of(new byte[MessageKey.BYTES], new HostId("host-1")), PROVEN.headers(), PROVEN.json())).isFalse();
    }

    @Test
    void nothingOfAMessageCanBeExchanged() {
        assertThat(proves(KEY, HEADERS, "{}")).as("without a code").isFalse();
        assertThat(proves(KEY, PROVEN.headers(), "{ }")).isFalse();
        assertThat(proves(KEY, with("ce_type", "dev.spillway.report.v1"), "{}")).isFalse();
        assertThat(proves(KEY, with("ce_id", "1/2"), "{}")).isFalse();
        assertThat(proves(KEY, with("ce_mac", PROVEN.headers().get("ce_mac") + "A"), "{}")).isFalse();
        Map<String, String> shifted = with("ce_type", "dev.spillway.order.v11");
        shifted.put("ce_id", "/1");
        assertThat(proves(KEY, shifted, "{}")).as("parts that flow into one another").isFalse();
        assertThat(proves(KEY, with("ce_traceparent", "00-1-2-01"), "{}")).as("the trace is no part of the message").isTrue();
    }

    @Test
    void aKeyIsShownNowhere() throws Exception {
        assertThat(KEY).hasToString("MessageKey");
        assertThat(Json.strict().readValue(Json.strict().writeValueAsString(KEY), MessageKey.class).reveal()).isEqualTo(KEY.reveal());
        String damaged = KEY.reveal().substring(1);
        assertThatThrownBy(() -> Json.strict().readValue("\"" + damaged + "\"", MessageKey.class)).isInstanceOf(JsonMappingException.class)
                .message()
                .doesNotContain(damaged);
    }
}
