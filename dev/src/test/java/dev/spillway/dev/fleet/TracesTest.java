package dev.spillway.dev.fleet;

import dev.spillway.testservers.OtlpReceiver;
import dev.spillway.testservers.OtlpReceiver.Received;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** The trace of one eviction, over the coordinator and the hosts, as a receiver of OTLP gets it. */
@Tag("full")
class TracesTest {
    private static final String CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    @TempDir
    Path scratch;

    @Test
    void oneEvictionIsOneTraceFromTheDecisionToTheReport() throws Exception {
        try (OtlpReceiver receiver = new OtlpReceiver(); TracedFleet fleet = new TracedFleet(scratch, Optional.of(receiver.endpoint()))) {
            TracedFleet.Evicted evicted = fleet.putOverCapacity(Map.of("traceparent", CALLER, "X-Request-Id", "the-put"));
            String traceId = evicted.id().replace("-", "");

            Received evict = one(receiver, traceId, "evict");
            assertThat(evict.service()).isEqualTo("spillway-coordinator");
            assertThat(evict.parentId()).isEmpty();
            assertThat(evict.spanId()).isEqualTo(traceId.substring(16));
            assertThat(evict.attributes()).containsEntry("spillway.eviction.id", evicted.id())
                    .containsEntry("spillway.namespace", TracedFleet.NAMESPACE)
                    .containsEntry("spillway.key", "key-1")
                    .containsEntry("spillway.cause", "CAPACITY")
                    .containsEntry("spillway.request.id", "the-put");
            Received send = one(receiver, traceId, "send order");
            assertThat(send.service()).isEqualTo("spillway-coordinator");
            assertThat(send.kind()).isEqualTo("PRODUCER");
            assertThat(send.parentId()).isEqualTo(evict.spanId());
            Received delete = one(receiver, traceId, "delete image");
            assertThat(delete.service()).isEqualTo("spillway-worker");
            assertThat(delete.instance()).isEqualTo("host-1");
            assertThat(delete.kind()).isEqualTo("CONSUMER");
            assertThat(delete.parentId()).isEqualTo(send.spanId());
            assertThat(delete.attributes()).containsEntry("spillway.replica.id", evicted.replica())
                    .containsEntry("spillway.result", "DELETED");
            Received take = one(receiver, traceId, "take report");
            assertThat(take.service()).isEqualTo("spillway-coordinator");
            assertThat(take.parentId()).isEqualTo(delete.spanId());
            assertThat(take.attributes()).containsEntry("spillway.replica.id", evicted.replica())
                    .containsEntry("spillway.host.id", "host-1");

            assertThat(fleet.headers("spillway.orders", evicted.id())).extracting(headers -> headers.get("ce_traceparent"))
                    .containsOnly("00-" + traceId + "-" + send.spanId() + "-01");
            assertThat(fleet.headers("spillway.reports", evicted.replica())).extracting(headers -> headers.get("ce_traceparent"))
                    .containsOnly("00-" + traceId + "-" + delete.spanId() + "-01");
            assertThat(fleet.headers("spillway.evictions", evicted.id())).extracting(headers -> headers.get("ce_traceparent"))
                    .containsOnly("00-" + traceId + "-" + evict.spanId() + "-01");

            // The put that caused it: the caller's span, the worker's, the registration, and the coordinator's, which the eviction names.
            assertThat(evict.links()).hasSize(1);
            Received registered = span(receiver, evict.links().getFirst().spanId());
            assertThat(registered.name()).isEqualTo("POST /v1/workers/{host}/register");
            assertThat(registered.service()).isEqualTo("spillway-coordinator");
            Received registering = span(receiver, registered.parentId());
            assertThat(registering.name()).isEqualTo("register");
            Received put = span(receiver, registering.parentId());
            assertThat(put.name()).isEqualTo("PUT /v1/directories/{namespace}/entries/{key}");
            assertThat(put.instance()).isEqualTo("host-2");
            assertThat(put.kind()).isEqualTo("SERVER");
            assertThat(put.parentId()).isEqualTo("b7ad6b7169203331");
            assertThat(put.attributes()).containsEntry("http.response.status_code", "200").containsEntry("spillway.request.id", "the-put");
            assertThat(List.of(registered, registering, put)).extracting(Received::traceId)
                    .containsOnly("0af7651916cd43dd8448eb211c80319c");

            receiver.hang();
            fleet.putOverCapacity(Map.of());
            receiver.awaitHanging();
            fleet.putOverCapacity(Map.of());
        }
    }

    private static Received one(OtlpReceiver receiver, String traceId, String name) {
        Eventually.holds(
                Eventually.HANG,
                () -> assertThat(receiver.spans()).as("%s of %s", name, traceId)
                        .filteredOn(span -> span.traceId().equals(traceId) && span.name().equals(name))
                        .hasSize(1));
        return receiver.spans()
                .stream()
                .filter(span -> span.traceId().equals(traceId) && span.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static Received span(OtlpReceiver receiver, String spanId) {
        Eventually.holds(
                Eventually.HANG,
                () -> assertThat(receiver.spans()).extracting(Received::spanId).as("span %s", spanId).contains(spanId));
        return receiver.spans().stream().filter(span -> span.spanId().equals(spanId)).findFirst().orElseThrow();
    }
}
