package dev.spillway.worker.trail;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.Order;
import dev.spillway.events.OrderCause;
import dev.spillway.events.RegistryId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.HeartbeatAnswer;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.Intervals;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.Sender;
import dev.spillway.service.settings.Secret;
import dev.spillway.service.tracing.RequestScope;
import dev.spillway.service.tracing.Tracing;
import dev.spillway.testservers.OtlpReceiver;
import dev.spillway.testservers.OtlpReceiver.Received;
import dev.spillway.worker.core.model.Delivery;
import io.opentelemetry.api.trace.SpanContext;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The spans of orders that do not go the usual way. */
class HostTrailTest {
    private static final HostId HOST = new HostId("host-1");
    private static final StoreId STORE = StoreId.parse("0190a000-0000-7000-8000-000000000001");
    private static final ReplicaId REPLICA = ReplicaId.parse("0190a000-0000-7000-8000-00000000cafe");
    private static final EvictionId EVICTION = EvictionId.parse("0190a000-0000-7000-8000-00000000beef");
    private static final String ROOT_SPAN = "800000000000beef";

    private OtlpReceiver receiver;
    private Tracing tracing;
    private HostTrail trail;

    @BeforeEach
    void start() throws IOException {
        receiver = new OtlpReceiver();
        tracing = Tracing.of(Optional.of(URI.create(receiver.endpoint())), "spillway-worker", "host-1");
        trail = new HostTrail(tracing);
    }

    @AfterEach
    void stop() {
        tracing.close();
        receiver.close();
    }

    private static Order order(@Nullable EvictionId eviction) {
        return new Order(
                REPLICA,
                HOST,
                STORE,
                new NamespaceName("images"),
                new EntryKey("k"),
                3,
                eviction,
                eviction == null ? OrderCause.ORPHAN : OrderCause.CAPACITY,
                1,
                Instant.parse("2026-03-01T10:00:00Z"));
    }

    private static Report report(Report.Result result) {
        return new Report(REPLICA, HOST, STORE, result, null, null, 0);
    }

    private List<Received> spans() {
        tracing.close();
        return receiver.spans();
    }

    @Test
    void anOrderOfAHeartbeatIsAChildOfItsEviction() throws Exception {
        HeartbeatRequest heartbeat = new HeartbeatRequest(
                new Sender(HOST, STORE, RegistryId.parse("0190a000-0000-7000-8000-000000000002"), 1, 1),
                HostFigures.NONE,
                List.of(),
                0,
                0);
        trail.during(
                heartbeat,
                () -> new Delivery.Replied<>(
                        new Reply.Accepted<>(
                                new HeartbeatAnswer(
                                        List.of(),
                                        List.of(order(EVICTION)),
                                        0,
                                        null,
                                        false,
                                        new Intervals(Duration.ofSeconds(5), Duration.ofMinutes(10)),
                                        false))));
        String named = trail.reported(report(Report.Result.DELETED)).traceparent().orElseThrow();
        assertThat(spans()).hasSize(1);
        Received deletion = receiver.spans().getFirst();
        assertThat(deletion.traceId()).isEqualTo(EVICTION.toString().replace("-", ""));
        assertThat(deletion.parentId()).isEqualTo(ROOT_SPAN);
        assertThat(named).isEqualTo("00-" + deletion.traceId() + "-" + deletion.spanId() + "-01");
    }

    @Test
    void aMalformedTraceparentIsIgnored() {
        trail.ordered(order(EVICTION), "00-nothing-of-this-kind");
        trail.reported(report(Report.Result.ABSENT));
        assertThat(spans()).extracting(Received::parentId).containsExactly(ROOT_SPAN);
    }

    @Test
    void anOrderWithoutAnEvictionHasTheTraceOfItsReplica() {
        trail.ordered(order(null), null);
        assertThat(trail.reported(report(Report.Result.DELETED)).eviction()).isEmpty();
        assertThat(spans()).extracting(Received::traceId).containsExactly(REPLICA.toString().replace("-", ""));
    }

    @Test
    void whatIsHeldHasASpanUntilTheDeferralAndOneFromThereOn() {
        trail.ordered(order(EVICTION), null);
        trail.reported(report(Report.Result.DEFERRED));
        trail.ordered(order(EVICTION), null);
        trail.reported(report(Report.Result.DEFERRED));
        trail.reported(report(Report.Result.DELETED));
        assertThat(spans()).extracting(span -> span.attributes().get("spillway.result")).containsExactly("DEFERRED", "DELETED");
        assertThat(receiver.spans()).extracting(Received::parentId).containsOnly(ROOT_SPAN);
    }

    @Test
    void aReportOnAnOrderThatIsOverOrUnknownNamesNoSpan() {
        assertThat(trail.reported(report(Report.Result.ABSENT)).traceparent()).isEmpty();
        trail.ordered(order(EVICTION), null);
        trail.reported(report(Report.Result.DELETED));
        assertThat(trail.reported(report(Report.Result.DELETED)).traceparent()).isEmpty();
        assertThat(spans()).hasSize(1);
    }

    /** The put is kept until it is registered, which can be long after its request. */
    @Test
    void aPutThatIsFollowedKeepsNoTokenOfItsClient() {
        WeakReference<Secret> token = offered();
        for (int tries = 0; token.get() != null && tries < 20; tries++) {
            System.gc();
        }
        assertThat(token.get()).as("kept by the trail").isNull();
    }

    private WeakReference<Secret> offered() {
        Secret token = new Secret("spillway_token");
        new RequestScope("request", SpanContext.getInvalid(), Optional.of(token)).call(() -> {
            trail.offered(REPLICA);
            return REPLICA;
        });
        return new WeakReference<>(token);
    }

    @Test
    void withoutTracesAReportNamesNoSpan() {
        HostTrail off = new HostTrail(Tracing.off());
        off.ordered(order(EVICTION), "00-0190a00000007000800000000000beef-800000000000beef-01");
        assertThat(off.reported(report(Report.Result.DELETED)).traceparent()).isEmpty();
    }
}
