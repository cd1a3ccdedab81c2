package dev.spillway.service.tracing;

import dev.spillway.service.settings.Secret;
import io.opentelemetry.api.trace.SpanContext;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The request for which a thread works.
 *
 * @param id   id of the request in logs and in the header {@code X-Request-Id}
 * @param span span of the request; invalid if no traces are made
 * @param token token of its client, to be passed on to the server that checks it
 */
public record RequestScope(String id, SpanContext span, Optional<Secret> token) {
    private static final ScopedValue<RequestScope> CURRENT = ScopedValue.newInstance();

    /** Creates a request without a span. */
    public RequestScope(String id) {
        this(id, SpanContext.getInvalid());
    }

    /** Creates a request without a token. */
    public RequestScope(String id, SpanContext span) {
        this(id, span, Optional.empty());
    }

    /** Returns the request for which this thread works; null if there is none. */
    public static @Nullable RequestScope current() {
        return CURRENT.isBound() ? CURRENT.get() : null;
    }

    /** Runs an operation as work for this request. Threads that it starts do not inherit the request. */
    public <T extends @Nullable Object, X extends Throwable> T call(ScopedValue.CallableOp<? extends T, X> operation) throws X {
        return ScopedValue.where(CURRENT, this).<T, X>call(operation);
    }
}
