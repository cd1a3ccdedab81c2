package dev.spillway.events;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.spillway.events.codec.EventCodec;
import dev.spillway.events.codec.EventType;
import dev.spillway.events.codec.Json;
import dev.spillway.events.codec.UnreadableEventException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import static dev.spillway.events.EventContracts.sample;
import static dev.spillway.events.EventContracts.violations;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The events that the codec writes match the published schemas, and every golden sample can still be read. */
class EventContractTest {
    private static final Instant EVICTED_AT = Instant.parse("2026-11-21T01:30:00.123456Z");
    private static final EvictionId EVICTION = EvictionId.parse("01938f5e-1c00-7a3b-8c4d-5e6f70819203");
    private static final ReplicaId REPLICA = ReplicaId.parse("01938f5e-0b00-7111-9222-333344445555");
    private static final HostId HOST = new HostId("host-1.rack-2");
    private static final StoreId STORE = StoreId.parse("6fa459ea-ee8a-4ca4-894e-db77e160355e");
    private static final NamespaceName NAMESPACE = new NamespaceName("rootfs");
    private static final EntryKey KEY = new EntryKey("ubuntu/24.04 größe");

    private static final EvictionFact FACT =
            new EvictionFact(
                    EVICTION,
                    NAMESPACE,
                    KEY,
                    new SnapshotId("sha256:9f86d081884c7d659a2feaa0c55ad015"),
                    4711,
                    10L << 30,
                    EvictionCause.CAPACITY,
                    2,
                    new TreeMap<>(Map.of("build", "1138", "team", "")),
                    EVICTED_AT);
    private static final Order ORDER = new Order(REPLICA, HOST, STORE, NAMESPACE, KEY, 4711, EVICTION, OrderCause.CAPACITY, 1, EVICTED_AT);
    private static final Order ORPHAN_ORDER = new Order(
            ReplicaId.parse("01938f5e-0b00-7111-9222-333344445556"),
            HOST,
            STORE,
            NAMESPACE,
            new EntryKey("left over"),
            12,
            null,
            OrderCause.ORPHAN,
            3,
            Instant.parse("2026-11-21T01:45:00Z"));

    private static final Order RELIEF_ORDER = new Order(
            ReplicaId.parse("01938f5e-0b00-7111-9222-333344445557"),
            HOST,
            STORE,
            NAMESPACE,
            new EntryKey("held elsewhere"),
            13,
            null,
            OrderCause.RELIEF,
            1,
            Instant.parse("2026-11-21T01:50:00Z"));

    private final EventCodec codec = new EventCodec("/spillway/test");
    private final ObjectMapper json = Json.tolerant();

    @ParameterizedTest
    @CsvSource({
            "eviction.v1, eviction.v1",
            "order.v1, order.v1",
            "order.v1, order.v1.orphan",
            "order.v1, order.v1.relief",
            "report.v1, report.v1",
            "report.v1, report.v1.deferred",
            "report.v1, report.v1.failed"})
    void everyGoldenSampleIsAsItsSchemaSays(String schema, String sample) {
        assertThat(violations(schema, sample(sample))).isEmpty();
    }

    @Test
    void theSampleOfAFactIsReadAndWrittenAsItStands() throws Exception {
        assertThat(read(EvictionFact.class, EventType.EVICTION, sample("eviction.v1"))).isEqualTo(FACT);
        assertThat(json.readTree(codec.encode(FACT).json())).isEqualTo(json.readTree(sample("eviction.v1")));
    }

    @Test
    void theSampleOfAnOrderIsReadAndWrittenAsItStands() throws Exception {
        assertThat(read(Order.class, EventType.ORDER, sample("order.v1"))).isEqualTo(ORDER);
        assertThat(json.readTree(codec.encode(ORDER).json())).isEqualTo(json.readTree(sample("order.v1")));
    }

    @Test
    void theOrderThatRelievesAHostNamesNoEviction() throws Exception {
        assertThat(read(Order.class, EventType.ORDER, sample("order.v1.relief"))).isEqualTo(RELIEF_ORDER);
        assertThat(json.readTree(codec.encode(RELIEF_ORDER).json())).isEqualTo(json.readTree(sample("order.v1.relief")));
    }

    @Test
    void theOrderForAnOrphanNamesNoEviction() throws Exception {
        assertThat(read(Order.class, EventType.ORDER, sample("order.v1.orphan"))).isEqualTo(ORPHAN_ORDER);
        assertThat(json.readTree(codec.encode(ORPHAN_ORDER).json())).isEqualTo(json.readTree(sample("order.v1.orphan")));
    }

    @Test
    void theSamplesOfReportsAreReadAndWrittenAsTheyStand() throws Exception {
        var deleted = new Report(REPLICA, HOST, STORE, Report.Result.DELETED, null, null, 10L << 30);
        var deferred = new Report(REPLICA, HOST, STORE, Report.Result.DEFERRED, Instant.parse("2026-11-21T01:40:00Z"), null, 0);
        var failed = new Report(
                REPLICA,
                HOST,
                STORE,
                Report.Result.FAILED,
                null,
                "unlinking trash/01938f5e/etc/shadow: Operation not permitted",
                0);
        for (var pair : Map.of("report.v1", deleted, "report.v1.deferred", deferred, "report.v1.failed", failed).entrySet()) {
            assertThat(read(Report.class, EventType.REPORT, sample(pair.getKey()))).isEqualTo(pair.getValue());
            assertThat(json.readTree(codec.encode(pair.getValue(), EVICTED_AT).json())).isEqualTo(json.readTree(sample(pair.getKey())));
        }
    }

    @ParameterizedTest
    @EnumSource(EvictionCause.class)
    void everyCauseOfAFactIsInItsSchema(EvictionCause cause) {
        var fact = new EvictionFact(
                EVICTION,
                NAMESPACE,
                KEY,
                new SnapshotId("s"),
                Long.MAX_VALUE,
                Long.MAX_VALUE,
                cause,
                0,
                new TreeMap<>(),
                EVICTED_AT);
        assertThat(violations("eviction.v1", codec.encode(fact).json())).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(OrderCause.class)
    void everyCauseOfAnOrderIsInItsSchema(OrderCause cause) {
        var order = new Order(
                REPLICA,
                HOST,
                STORE,
                NAMESPACE,
                new EntryKey("x".repeat(1024)),
                1,
                EVICTION,
                cause,
                Integer.MAX_VALUE,
                EVICTED_AT);
        assertThat(violations("order.v1", codec.encode(order).json())).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Report.Result.class)
    void everyResultOfAReportIsInItsSchema(Report.Result result) {
        var report = new Report(REPLICA, HOST, STORE, result, EVICTED_AT, "y".repeat(2_000), Long.MAX_VALUE);
        assertThat(violations("report.v1", codec.encode(report, EVICTED_AT).json())).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
            "eviction.v1, cause, BOREDOM",
            "eviction.v1, key, ''",
            "eviction.v1, namespace, Upper",
            "eviction.v1, id, 7",
            "eviction.v1, evictedAt, soon",
            "order.v1, replicaId, 01938F5E-0B00-7111-9222-333344445555",
            "order.v1, hostId, a/b",
            "report.v1, result, DONE",
            "report.v1, result, DEFERRED",
            "report.v1, result, FAILED"})
    void theSchemaRefusesWhatTheProtocolDoesNotKnow(String schema, String field, String value) throws Exception {
        ObjectNode changed = (ObjectNode) json.readTree(sample(schema));
        changed.put(field, value);
        assertThat(violations(schema, changed.toString())).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"eviction.v1", "order.v1", "report.v1"})
    void aFieldOfALaterVersionIsPassedOver(String schema) throws Exception {
        ObjectNode later = (ObjectNode) json.readTree(sample(schema));
        later.putObject("addedLater").put("any", 1);
        assertThat(violations(schema, later.toString())).isEmpty();
        EventType type = EventType.valueOf(schema.replace(".v1", "").toUpperCase(java.util.Locale.ROOT));
        assertThat(read(type.payload(), type, later.toString())).isEqualTo(read(type.payload(), type, sample(schema)));
    }

    @Test
    void anEventCarriesCloudEventsHeadersThatTellItsRepetitionsApart() {
        assertThat(codec.encode(FACT).headers())
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of(
                                "ce_specversion",
                                "1.0",
                                "ce_type",
                                "dev.spillway.eviction.v1",
                                "ce_source",
                                "/spillway/test",
                                "ce_id",
                                EVICTION.toString(),
                                "ce_time",
                                "2026-11-21T01:30:00.123456Z",
                                "content-type",
                                "application/json"));
        var again = new Order(REPLICA, HOST, STORE, NAMESPACE, KEY, 4711, EVICTION, OrderCause.CAPACITY, 2, EVICTED_AT);
        assertThat(codec.encode(ORDER).headers().get("ce_id")).isNotEqualTo(codec.encode(again).headers().get("ce_id"));
    }

    @Test
    void anEventOfAnotherTypeOrVersionIsRefused() {
        assertThatThrownBy(() -> codec.decode(Order.class, Map.of("ce_type", "dev.spillway.order.v2"), bytes(sample("order.v1"))))
                .isInstanceOf(UnreadableEventException.class)
                .hasMessageContaining("dev.spillway.order.v2");
        assertThatThrownBy(() -> codec.decode(Order.class, Map.of("ce_type", "dev.spillway.report.v1"), bytes(sample("report.v1"))))
                .isInstanceOf(UnreadableEventException.class)
                .hasMessageContaining("Order");
        assertThatThrownBy(() -> codec.decode(Order.class, Map.of(), bytes(sample("order.v1"))))
                .isInstanceOf(UnreadableEventException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "[]", "{}", "\"order\"", "{\"replicaId\":\"x\"}", "\u0000\u0001\u0002"})
    void aValueThatIsNoneIsRefused(String value) {
        assertThatThrownBy(() -> read(Order.class, EventType.ORDER, value)).isInstanceOf(UnreadableEventException.class);
    }

    @Test
    void aMissingOrOversizedValueIsRefused() {
        assertThatThrownBy(() -> decode(Order.class, EventType.ORDER, null)).isInstanceOf(UnreadableEventException.class)
                .hasMessageContaining("none");
        assertThatThrownBy(() -> decode(Order.class, EventType.ORDER, new byte[64 * 1024 + 1])).isInstanceOf(UnreadableEventException.class)
                .hasMessageContaining("65537 bytes");
    }

    private <T> T read(Class<T> payload, EventType type, String value) throws UnreadableEventException {
        return decode(payload, type, bytes(value));
    }

    private <T> T decode(Class<T> payload, EventType type, byte @Nullable [] value) throws UnreadableEventException {
        return codec.decode(payload, Map.of("ce_type", type.ceType()), value);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
