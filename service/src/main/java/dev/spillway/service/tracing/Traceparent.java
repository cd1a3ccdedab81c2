package dev.spillway.service.tracing;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The W3C trace context in the headers of requests and messages. */
public final class Traceparent {
    private static final String NAME = "traceparent";

    private static final TextMapGetter<Function<String, @Nullable String>> GETTER =
            (headers, name) -> headers == null ? null : headers.apply(name);

    private Traceparent() {}

    /** Returns the span that a {@code traceparent} names; an invalid one if it is missing or malformed. */
    public static SpanContext parse(@Nullable String traceparent) {
        return traceparent == null ? SpanContext.getInvalid() : of(name -> name.equals(NAME) ? traceparent : null);
    }

    /** Returns the span that a request's headers name; an invalid one if they name none, or are malformed. */
    public static SpanContext of(Function<String, @Nullable String> headers) {
        return Span.fromContext(W3CTraceContextPropagator.getInstance().extract(Context.root(), headers, GETTER)).getSpanContext();
    }

    /** Returns the headers that name a span; none for an invalid one. */
    public static Map<String, String> headers(SpanContext span) {
        Map<String, String> headers = new HashMap<>();
        W3CTraceContextPropagator.getInstance()
                .inject(Context.root().with(Span.wrap(span)), headers, (all, name, value) -> Objects.requireNonNull(all).put(name, value));
        return headers;
    }

    /** Returns the {@code traceparent} of a valid span. */
    public static String text(SpanContext span) {
        return Objects.requireNonNull(headers(span).get(NAME), "a valid span");
    }
}
