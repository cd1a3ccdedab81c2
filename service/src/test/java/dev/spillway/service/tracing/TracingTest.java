package dev.spillway.service.tracing;

import dev.spillway.service.StandardError;
import dev.spillway.service.settings.SettingsDeclaration;
import dev.spillway.service.settings.SettingsException;
import dev.spillway.service.settings.Sources;
import dev.spillway.testservers.OtlpReceiver;
import io.opentelemetry.api.trace.SpanContext;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Tests the ids of spans, and how spans are sent to a receiver. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class TracingTest {
    private static final UUID ID = UUID.fromString("0190a000-0000-7000-8000-00000000beef");

    private static Tracing to(OtlpReceiver receiver) {
        return Tracing.of(Optional.of(URI.create(receiver.endpoint())), "spillway-test", "one");
    }

    @Test
    void theTraceOfAnIdBeginsWithASpanThatEveryServiceCanName() throws Exception {
        try (OtlpReceiver receiver = new OtlpReceiver()) {
            try (Tracing tracing = to(receiver)) {
                tracing.startRoot(ID, "first", span -> span.setAttribute("a", "b")).end();
                tracing.span("second", Tracing.rootOf(ID)).startSpan().end();
                tracing.span("another", SpanContext.getInvalid()).startSpan().end();
            }
            assertThat(receiver.spans()).hasSize(3);
            OtlpReceiver.Received first = receiver.spans().get(0);
            assertThat(first.traceId()).isEqualTo("0190a00000007000800000000000beef");
            assertThat(first.spanId()).isEqualTo("800000000000beef");
            assertThat(first.parentId()).isEmpty();
            assertThat(first.attributes()).isEqualTo(Map.of("a", "b"));
            assertThat(first.service()).isEqualTo("spillway-test");
            assertThat(first.instance()).isEqualTo("one");
            OtlpReceiver.Received second = receiver.spans().get(1);
            assertThat(second.traceId()).isEqualTo(first.traceId());
            assertThat(second.parentId()).isEqualTo(first.spanId());
            assertThat(second.spanId()).isNotEqualTo(first.spanId());
            assertThat(receiver.spans().get(2).traceId()).isNotEqualTo(first.traceId());
        }
    }

    @Test
    void aReceiverThatHangsHoldsUpNeitherSpansNorTheClose() throws Exception {
        try (OtlpReceiver receiver = new OtlpReceiver()) {
            receiver.hang();
            Tracing tracing = to(receiver);
            tracing.span("first", SpanContext.getInvalid()).startSpan().end();
            receiver.awaitHanging();
            for (int more = 0; more < 100_000; more++) {
                tracing.span("more", SpanContext.getInvalid()).startSpan().end();
            }
            // The receiver answers only when it is closed, after this call. So the call must not wait for an answer.
            tracing.close();
            assertThat(receiver.spans()).isEmpty();
        }
    }

    @Test
    void aReceiverThatRefusesIsToldOfOnceAndAgainWhenItTakesSpans() throws Exception {
        try (OtlpReceiver receiver = new OtlpReceiver()) {
            receiver.answer(400);
            String log = StandardError.during(() -> {
                try (Tracing tracing = to(receiver)) {
                    for (int number = 0; number < 3; number++) {
                        int before = receiver.requests();
                        tracing.span("lost", SpanContext.getInvalid()).startSpan().end();
                        await(() -> receiver.requests() > before);
                    }
                    receiver.answer(200);
                    tracing.span("taken", SpanContext.getInvalid()).startSpan().end();
                    await(() -> !receiver.spans().isEmpty());
                }
            });
            assertThat(log.lines().filter(line -> line.contains(receiver.endpoint())).map(line -> line.substring(24)))
                    .containsExactly(
                            "WARN  WatchedExporter - traces are lost, " + receiver.endpoint() + " does not take them: refused",
                            "INFO  WatchedExporter - traces go to " + receiver.endpoint() + " again");
        }
    }

    private static void await(BooleanSupplier holds) {
        long hangsAt = System.nanoTime() + Duration.ofMinutes(2).toNanos();
        while (!holds.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(hangsAt);
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Test
    void withoutAnEndpointNothingIsMade() {
        try (Tracing tracing = Tracing.of(Optional.empty(), "spillway-test", "one")) {
            assertThat(tracing.isOn()).isFalse();
            assertThat(tracing.span("none", SpanContext.getInvalid()).startSpan().getSpanContext().isValid()).isFalse();
        }
    }

    @Test
    void aTraceparentIsReadAsItWasWritten() {
        SpanContext root = Tracing.rootOf(ID);
        assertThat(Traceparent.text(root)).isEqualTo("00-0190a00000007000800000000000beef-800000000000beef-01");
        assertThat(Traceparent.parse(Traceparent.text(root))).isEqualTo(root);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                    "",
                    "00",
                    "00-0190a00000007000800000000000beef-800000000000beef",
                    "ff-0190a00000007000800000000000beef-800000000000beef-01",
                    "00-00000000000000000000000000000000-800000000000beef-01",
                    "00-0190A00000007000800000000000BEEF-800000000000beef-01",
                    "00-0190a00000007000800000000000beef-0000000000000000-01",
                    "00-ü190a00000007000800000000000beef-800000000000beef-01",
                    "00-0190a00000007000800000000000beef-800000000000beef-01-more"})
    void aMalformedTraceparentNamesNoSpan(String malformed) {
        assertThat(Traceparent.parse(malformed).isValid()).isFalse();
    }

    @Test
    void noTraceparentNamesNoSpan() {
        assertThat(Traceparent.parse(null).isValid()).isFalse();
        assertThat(Traceparent.headers(SpanContext.getInvalid())).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                    "127.0.0.1:4318",
                    "ftp://127.0.0.1",
                    "http://",
                    "http://a b",
                    "http://host?x=1",
                    "http://host#f",
                    "grpc://host:4317"})
    void anEndpointIsAnAddressOfHttp(String other) {
        assertThat(read(other)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://127.0.0.1:4318", "https://collector.example/otlp"})
    void anEndpointMayHaveAPath(String endpoint) {
        assertThat(read(endpoint)).contains(URI.create(endpoint));
    }

    private static Optional<URI> read(String endpoint) {
        try {
            var sources = Sources.of(Map.of("otlp-endpoint", endpoint));
            return new SettingsDeclaration("test", List.of(Tracing.ENDPOINT), List.of())
                    .read(sources)
                    .get(Tracing.ENDPOINT);
        } catch (SettingsException e) {
            return Optional.empty();
        }
    }

    @Test
    void aThreadKnowsTheRequestThatItWorksFor() {
        assertThat(RequestScope.current()).isNull();
        RequestScope scope = new RequestScope("r-1");
        assertThat(Stream.of(scope.call(RequestScope::current))).containsExactly(scope);
        assertThat(RequestScope.current()).isNull();
    }
}
