package dev.spillway.service.tracing;

import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.api.trace.TraceId;
import io.opentelemetry.sdk.trace.IdGenerator;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Returns random ids, or ids that the caller has given for one span. The SDK asks for the ids on the thread that starts the span. Thread-safe. */
final class GivenIds implements IdGenerator {
    private record Ids(@Nullable UUID trace, long span) {}

    private static final IdGenerator RANDOM = IdGenerator.random();

    private static final ScopedValue<Ids> GIVEN = ScopedValue.newInstance();

    /** @param trace null to use the trace of the span's parent */
    static <T> T giving(@Nullable UUID trace, long span, Supplier<T> start) {
        return ScopedValue.where(GIVEN, new Ids(trace, span)).call(start::get);
    }

    @Override
    public String generateSpanId() {
        return GIVEN.isBound() ? SpanId.fromLong(GIVEN.get().span()) : RANDOM.generateSpanId();
    }

    @Override
    public String generateTraceId() {
        UUID trace = GIVEN.isBound() ? GIVEN.get().trace() : null;
        return trace == null ? RANDOM.generateTraceId()
                : TraceId.fromLongs(trace.getMostSignificantBits(), trace.getLeastSignificantBits());
    }
}
