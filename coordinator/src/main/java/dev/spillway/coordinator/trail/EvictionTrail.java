package dev.spillway.coordinator.trail;

import dev.spillway.coordinator.postgres.CommitListener;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.Order;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.registry.model.ClosedReplica;
import dev.spillway.registry.model.Eviction;
import dev.spillway.registry.model.OpenOrder;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.service.tracing.RequestScope;
import dev.spillway.service.tracing.SpanAttributes;
import dev.spillway.service.tracing.Traceparent;
import dev.spillway.service.tracing.Tracing;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.api.trace.SpanKind;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Writes each step of an eviction that a coordinator takes to the log, at level debug, and to the eviction's trace. The trace id follows from the
 * eviction's id, so that all steps join one trace. An order without an eviction has a trace of its own, whose id follows from the replica's id.
 * Thread-safe.
 */
public final class EvictionTrail implements CommitListener {
    private static final Logger LOG = LoggerFactory.getLogger(EvictionTrail.class);
    /** An odd multiplier without a bit pattern, so that the spans of one replica's attempts get very different ids. */
    private static final long MIX = 0x9E3779B97F4A7C15L;

    private final Tracing tracing;
    /** Spans of the hosts that sent reports, until the registry has taken these reports. */
    private final Map<ReplicaId, SpanContext> reporting = new ConcurrentHashMap<>();

    public EvictionTrail(Tracing tracing) {
        this.tracing = tracing;
    }

    @Override
    public boolean isFollowing() {
        return tracing.isOn() || LOG.isDebugEnabled();
    }

    @Override
    public void evicted(Eviction eviction, Instant began, @Nullable RequestScope request) {
        EvictionFact fact = eviction.fact();
        if (tracing.isOn()) {
            tracing.startRoot(fact.id().value(), "evict", span -> {
                span.setStartTimestamp(began)
                        .setAttribute(SpanAttributes.EVICTION, fact.id().toString())
                        .setAttribute(SpanAttributes.NAMESPACE, fact.namespace().value())
                        .setAttribute(SpanAttributes.KEY, fact.key().value())
                        .setAttribute(SpanAttributes.CAUSE, fact.cause().name())
                        .setAttribute(SpanAttributes.REPLICAS, (long) fact.replicas());
                return request == null ? span
                        : span.setAttribute(SpanAttributes.REQUEST, request.id()).addLink(request.span());
            }).end();
        }
        if (LOG.isDebugEnabled()) {
            LoggingEventBuilder line = LOG.atDebug().addKeyValue("eviction", fact.id());
            if (request != null) {
                line = line.addKeyValue("request", request.id());
            }
            line.log("decided: {} {} goes, {}; copies: {}", fact.namespace(), fact.key(), fact.cause(), fact.replicas());
        }
    }

    @Override
    public void closed(ClosedReplica replica, Instant began) {
        ReplicaRow row = replica.row();
        OpenOrder order = row.doom();
        if (order == null) {
            return;
        }
        SpanContext reporter = reporting.remove(row.id());
        if (tracing.isOn()) {
            SpanContext parent = reporter == null ? root(order.evictionId(), row.id()) : reporter;
            tracing.span("take report", parent)
                    .setSpanKind(SpanKind.CONSUMER)
                    .setStartTimestamp(began)
                    .setAttribute(SpanAttributes.REPLICA, row.id().toString())
                    .setAttribute(SpanAttributes.HOST, row.hostId().value())
                    .setAttribute(SpanAttributes.RESULT, replica.result().name())
                    .startSpan()
                    .end();
        }
        if (LOG.isDebugEnabled()) {
            about(order.evictionId(), row.id()).log("report taken: {} on {}", replica.result(), row.hostId());
        }
    }

    /** Returns the {@code traceparent} of an eviction's fact; empty if no traces are made. */
    public Optional<String> traceparent(EvictionFact fact) {
        return tracing.isOn() ? Optional.of(Traceparent.text(Tracing.rootOf(fact.id().value()))) : Optional.empty();
    }

    /** Returns the {@code traceparent} of an order: the span that {@link #sent} makes of this attempt. Empty if no traces are made. */
    public Optional<String> traceparent(Order order) {
        return tracing.isOn() ? Optional.of(Traceparent.text(sending(order))) : Optional.empty();
    }

    /**
     * Records that Kafka acknowledged an order.
     *
     * @param claimed time at which it was claimed to be sent
     */
    public void sent(Order order, Instant claimed) {
        if (tracing.isOn()) {
            SpanBuilder span = tracing.span("send order", root(order.evictionId(), order.replicaId()))
                    .setSpanKind(SpanKind.PRODUCER)
                    .setStartTimestamp(claimed)
                    .setAttribute(SpanAttributes.REPLICA, order.replicaId().toString())
                    .setAttribute(SpanAttributes.HOST, order.hostId().value())
                    .setAttribute(SpanAttributes.CAUSE, order.cause().name())
                    .setAttribute(SpanAttributes.ATTEMPT, (long) order.attempt());
            tracing.startAs(sending(order), span).end();
        }
        if (LOG.isDebugEnabled()) {
            about(order.evictionId(), order.replicaId()).log(
                    "order sent to {}: {}, attempt {}",
                    order.hostId(),
                    order.cause(),
                    order.attempt());
        }
    }

    /** Remembers the sender's span of a report until {@link #taken}. An invalid {@code traceparent} is ignored. */
    public void reportRead(ReplicaId replica, @Nullable String traceparent) {
        if (tracing.isOn()) {
            SpanContext reporter = Traceparent.parse(traceparent);
            if (reporter.isValid()) {
                reporting.put(replica, reporter);
            }
        }
    }

    /** Forgets the senders' spans of these reports, because the registry has committed them. */
    public void taken(List<Report> reports) {
        if (!reporting.isEmpty()) {
            reports.forEach(report -> reporting.remove(report.replicaId()));
        }
    }

    private static LoggingEventBuilder about(@Nullable EvictionId eviction, ReplicaId replica) {
        LoggingEventBuilder line = LOG.atDebug().addKeyValue("replica", replica);
        return eviction == null ? line : line.addKeyValue("eviction", eviction);
    }

    private static SpanContext root(@Nullable EvictionId eviction, ReplicaId replica) {
        return Tracing.rootOf(eviction == null ? replica.value() : eviction.value());
    }

    /** Returns the span of one attempt. Its id follows from the order, so the header of the message can name it before the message is sent. */
    private static SpanContext sending(Order order) {
        SpanContext root = root(order.evictionId(), order.replicaId());
        UUID replica = order.replicaId().value();
        long id = replica.getLeastSignificantBits() + order.attempt() * MIX;
        return SpanContext.createFromRemoteParent(
                root.getTraceId(),
                SpanId.fromLong(id == 0 ? MIX : id),
                root.getTraceFlags(),
                root.getTraceState());
    }
}
