package dev.spillway.service.tracing;

import dev.spillway.service.settings.Secret;
import io.opentelemetry.api.trace.SpanContext;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The request that a thread works for.
 *
 * @param id   its id in logs and in the header {@code X-Request-Id}
 * @param span its span; invalid where no traces are made
 * @param token that its client shows, to be passed on to whoever judges it
 */
public record RequestScope(String id, SpanContext span, Optional<Secret> token) {
    private static final ScopedValue<RequestScope> CURRENT = ScopedValue.newInstance();

    /** A request without a span. */
    public RequestScope(String id) {
        this(id, SpanContext.getInvalid());
    }

    /** A request whose client shows no token. */
    public RequestScope(String id, SpanContext span) {
        this(id, span, Optional.empty());
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
