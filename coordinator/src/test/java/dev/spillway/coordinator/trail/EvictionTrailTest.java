package dev.spillway.coordinator.trail;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.Order;
import dev.spillway.events.OrderCause;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.registry.model.ClosedReplica;
import dev.spillway.registry.model.OpenOrder;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.service.tracing.Tracing;
import dev.spillway.testservers.OtlpReceiver;
import dev.spillway.testservers.OtlpReceiver.Received;
import java.io.IOException;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The spans of orders and reports at a coordinator, by whichever way they go. */
class EvictionTrailTest {
    private static final HostId HOST = new HostId("host-1");
    private static final StoreId STORE = StoreId.parse("0190a000-0000-7000-8000-000000000001");
    private static final EntryName NAME = new EntryName(new NamespaceName("images"), new EntryKey("k"));
    private static final ReplicaId REPLICA = ReplicaId.parse("0190a000-0000-7000-8000-00000000cafe");
    private static final EvictionId EVICTION = EvictionId.parse("0190a000-0000-7000-8000-00000000beef");
    private static final Instant AT = Instant.parse("2026-03-01T10:00:00Z");
    private static final String TRACE = "0190a00000007000800000000000beef";
    private static final String ROOT_SPAN = "800000000000beef";

    private OtlpReceiver receiver;
    private Tracing tracing;
    private EvictionTrail trail;

    @BeforeEach
    void start() throws IOException {
        receiver = new OtlpReceiver();
        tracing = Tracing.of(Optional.of(URI.create(receiver.endpoint())), "spillway-coordinator", "one");
        trail = new EvictionTrail(tracing);
    }

    @AfterEach
    void stop() {
        tracing.close();
        receiver.close();
    }

    private static Order order(@Nullable EvictionId eviction, int attempt) {
        return new Order(
                REPLICA,
                HOST,
                STORE,
                NAME.namespace(),
                NAME.key(),
                3,
                eviction,
                eviction == null ? OrderCause.RELIEF : OrderCause.CAPACITY,
                attempt,
                AT);
    }

    private static ClosedReplica closed(@Nullable OpenOrder order) {
        return new ClosedReplica(
                new ReplicaRow(REPLICA, HOST, NAME, new SnapshotId("s"), 3, 4096, AT, order),
                ClosedReplica.Result.DELETED,
                AT);
    }

    private static OpenOrder doom(@Nullable EvictionId eviction) {
        return new OpenOrder(eviction, OrderCause.CAPACITY, AT, 1, AT, null, null);
    }

    private List<Received> spans() {
        tracing.close();
        return receiver.spans();
    }

    @Test
    void eachAttemptAtAnOrderHasASpanThatItsMessageNamesBeforeItIsSent() {
        String first = trail.traceparent(order(EVICTION, 1)).orElseThrow();
        String second = trail.traceparent(order(EVICTION, 2)).orElseThrow();
        trail.sent(order(EVICTION, 1), AT);
        trail.sent(order(EVICTION, 2), AT);
        assertThat(spans()).extracting(span -> "00-" + span.traceId() + "-" + span.spanId() + "-01").containsExactly(first, second);
        assertThat(receiver.spans()).extracting(Received::traceId).containsOnly(TRACE);
        assertThat(receiver.spans()).extracting(Received::parentId).containsOnly(ROOT_SPAN);
        assertThat(first).isNotEqualTo(second);
    }

    @Test
    void anOrderWithoutAnEvictionHasTheTraceOfItsReplica() {
        trail.sent(order(null, 1), AT);
        trail.closed(closed(doom(null)), AT);
        assertThat(spans()).hasSize(2).extracting(Received::traceId).containsOnly(REPLICA.toString().replace("-", ""));
    }

    @Test
    void aReportOfKafkaIsAChildOfTheDeletionAndOneOfAHeartbeatOfTheEviction() {
        trail.reportRead(REPLICA, "00-" + TRACE + "-00f067aa0ba902b7-01");
        trail.closed(closed(doom(EVICTION)), AT);
        trail.closed(closed(doom(EVICTION)), AT);
        assertThat(spans()).extracting(Received::parentId).containsExactly("00f067aa0ba902b7", ROOT_SPAN);
    }

    @Test
    void aReportThatTheRegistryHadAlreadyIsForgotten() {
        trail.reportRead(REPLICA, "00-" + TRACE + "-00f067aa0ba902b7-01");
        trail.taken(List.of(new Report(REPLICA, HOST, STORE, Report.Result.DELETED, null, null, 0)));
        trail.closed(closed(doom(EVICTION)), AT);
        assertThat(spans()).extracting(Received::parentId).containsExactly(ROOT_SPAN);
    }

    @Test
    void aMalformedTraceparentOfAReportIsIgnored() {
        trail.reportRead(REPLICA, "00-nothing-of-this-kind");
        trail.closed(closed(doom(EVICTION)), AT);
        assertThat(spans()).extracting(Received::parentId).containsExactly(ROOT_SPAN);
    }

    @Test
    void aReplicaThatNoOrderNamedIsNoReport() {
        trail.closed(closed(null), AT);
        assertThat(spans()).isEmpty();
    }

    @Test
    void withoutTracesNoMessageNamesASpan() {
        EvictionTrail off = new EvictionTrail(Tracing.off());
        assertThat(off.traceparent(order(EVICTION, 1))).isEmpty();
    }
}
