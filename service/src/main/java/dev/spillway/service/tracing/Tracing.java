package dev.spillway.service.tracing;

import dev.spillway.service.settings.Setting;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.MeterProvider;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceId;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.TracerProvider;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The traces of one service, exported over OTLP. A thread sends spans from a bounded queue. If the queue is full, spans are dropped, so that no
 * request waits for the receiver. Without an endpoint no spans are made and no thread runs. Thread-safe.
 *
 * <p>The trace of an eviction has the eviction's id. So every service knows the trace without any state, and people find it by the id that logs,
 * facts and commands show.
 */
public final class Tracing implements AutoCloseable {
    /** Setting of the receiver of traces, in both services. */
    public static final Setting<Optional<URI>> ENDPOINT = Setting
            .custom(
                    "otlp-endpoint",
                    "Where traces are sent, by OTLP over HTTP; no traces are made if not given",
                    "an address such as http://127.0.0.1:4318",
                    Tracing::endpoint)
            .optional();

    private static final String SCOPE = "dev.spillway";
    private static final Duration CONNECT_WITHIN = Duration.ofSeconds(2);
    private static final Duration SENT_WITHIN = Duration.ofSeconds(5);
    private static final Duration SEND_EVERY = Duration.ofSeconds(1);
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(2);
    private static final int WAITING_MAX = 8_192;

    private final Tracer tracer;
    private final @Nullable SdkTracerProvider provider;

    private Tracing() {
        tracer = TracerProvider.noop().get(SCOPE);
        provider = null;
    }

    private Tracing(URI endpoint, String service, String instance) {
        OtlpHttpSpanExporter sender = OtlpHttpSpanExporter.builder()
                .setEndpoint(endpoint.toString().replaceFirst("/+$", "") + "/v1/traces")
                .setConnectTimeout(CONNECT_WITHIN)
                .setTimeout(SENT_WITHIN)
                .setMeterProvider(MeterProvider.noop())
                .build();
        provider = SdkTracerProvider.builder()
                .setResource(
                        Resource.getDefault()
                                .merge(
                                        Resource.create(
                                                Attributes.of(
                                                        AttributeKey.stringKey("service.name"),
                                                        service,
                                                        AttributeKey.stringKey("service.instance.id"),
                                                        instance))))
                .setIdGenerator(new GivenIds())
                .addSpanProcessor(
                        BatchSpanProcessor.builder(new WatchedExporter(sender, endpoint))
                                .setScheduleDelay(SEND_EVERY)
                                .setMaxQueueSize(WAITING_MAX)
                                .setExporterTimeout(SENT_WITHIN)
                                .build())
                .build();
        tracer = provider.get(SCOPE);
    }

    /** Returns an instance that makes no traces. */
    public static Tracing off() {
        return new Tracing();
    }

    /**
     * Creates the traces of a service.
     *
     * @param endpoint empty for no traces
     * @param service  name of the service, such as {@code spillway-worker}
     * @param instance distinguishes this service from others of its kind
     */
    public static Tracing of(Optional<URI> endpoint, String service, String instance) {
        return endpoint.map(to -> new Tracing(to, service, instance)).orElseGet(Tracing::off);
    }

    private static URI endpoint(String text) {
        try {
            URI endpoint = new URI(text);
            boolean isHttp = "http".equals(endpoint.getScheme()) || "https".equals(endpoint.getScheme());
            if (!isHttp || endpoint.getHost() == null || endpoint.getQuery() != null || endpoint.getFragment() != null) {
                throw new IllegalArgumentException(text);
            }
            return endpoint;
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    /** Returns whether traces are made, so that callers can skip collecting attributes. */
    public boolean isOn() {
        return provider != null;
    }

    /** Returns a builder of a span: a child of {@code parent}, or the first span of a new trace if that is invalid. */
    public SpanBuilder span(String name, SpanContext parent) {
        return tracer.spanBuilder(name).setParent(Context.root().with(Span.wrap(parent)));
    }

    /** Starts the first span of the trace of {@code id}; {@link #rootOf} returns its context in all services. */
    public Span startRoot(UUID id, String name, UnaryOperator<SpanBuilder> more) {
        return GivenIds.giving(id, id.getLeastSignificantBits(), () -> more.apply(tracer.spanBuilder(name).setNoParent()).startSpan());
    }

    /** Starts a span with an id that was published before. */
    public Span startAs(SpanContext span, SpanBuilder builder) {
        return GivenIds.giving(null, Long.parseUnsignedLong(span.getSpanId(), 16), builder::startSpan);
    }

    /** Returns the context of the first span of the trace of an id, whichever service started it. */
    public static SpanContext rootOf(UUID id) {
        return SpanContext.createFromRemoteParent(
                TraceId.fromLongs(id.getMostSignificantBits(), id.getLeastSignificantBits()),
                SpanId.fromLong(id.getLeastSignificantBits()),
                TraceFlags.getSampled(),
                TraceState.getDefault());
    }

    /** Sends the queued spans within a time limit. */
    @Override
    public void close() {
        if (provider != null) {
            var _ = provider.shutdown().join(CLOSE_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
        }
    }
}
