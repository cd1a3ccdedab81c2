package dev.spillway.service.http;

import dev.spillway.api.Operation;
import dev.spillway.service.identity.AccessToken;
import dev.spillway.service.settings.Secret;
import dev.spillway.service.tracing.RequestScope;
import dev.spillway.service.tracing.SpanAttributes;
import dev.spillway.service.tracing.Traceparent;
import dev.spillway.service.tracing.Tracing;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.vertx.ext.web.RoutingContext;

/** Makes a span of each request, from the choice of its route to the end of its answer, in the trace that its client names. Thread-safe. */
final class RequestSpans {
    private static final String KEY = RequestSpans.class.getName();
    private static final int FAILED = 500;

    private final Tracing tracing;

    RequestSpans(Tracing tracing) {
        this.tracing = tracing;
    }

    /** Begins the span of a request. The span ends with the answer. */
    void begin(RoutingContext context, Operation operation) {
        var request = context.request();
        Span span = tracing.span(request.method().name() + " " + operation.template(), Traceparent.of(request::getHeader))
                .setSpanKind(SpanKind.SERVER)
                .setAttribute("http.request.method", request.method().name())
                .setAttribute("http.route", operation.template())
                .setAttribute(SpanAttributes.REQUEST, RequestIds.of(context.response()))
                .startSpan();
        context.put(KEY, span.getSpanContext());
        context.addEndHandler(ended -> {
            int status = context.response().getStatusCode();
            span.setAttribute("http.response.status_code", (long) status);
            if (status >= FAILED || ended.failed()) {
                span.setStatus(StatusCode.ERROR);
            }
            span.end();
        });
    }

    /** Returns the scope for the work of a request. If its token was not checked, only a text in the form of a token counts as one. */
    static RequestScope scope(RoutingContext context) {
        SpanContext span = context.get(KEY);
        return new RequestScope(
                RequestIds.of(context.response()),
                span == null ? SpanContext.getInvalid() : span,
                Guard.token(context.request())
                        .filter(shown -> Guard.identity(context).isPresent() || AccessToken.hasForm(shown))
                        .map(Secret::new));
    }
}
