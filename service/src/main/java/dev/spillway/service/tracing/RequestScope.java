package dev.spillway.service.tracing;

import io.opentelemetry.api.trace.SpanContext;
import org.jspecify.annotations.Nullable;

/**
 * The request that a thread works for.
 *
 * @param id   its id in logs and in the header {@code X-Request-Id}
 * @param span its span; invalid where no traces are made
 */
public record RequestScope(String id, SpanContext span) {
    private static final ScopedValue<RequestScope> CURRENT = ScopedValue.newInstance();

    /** A request without a span. */
    public RequestScope(String id) {
        this(id, SpanContext.getInvalid());
    }

    /** Returns the request that this thread works for; null if there is none. */
    public static @Nullable RequestScope current() {
        return CURRENT.isBound() ? CURRENT.get() : null;
    }

    /** Runs an operation as work for this request. Threads that it starts work for none. */
    public <T extends @Nullable Object, X extends Throwable> T call(ScopedValue.CallableOp<? extends T, X> operation) throws X {
        return ScopedValue.where(CURRENT, this).<T, X>call(operation);
    }
}
