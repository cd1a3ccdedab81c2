package dev.spillway.worker.trail;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.spillway.events.EvictionId;
import dev.spillway.events.Order;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.Attachment;
import dev.spillway.events.protocol.HeartbeatAnswer;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.service.tracing.RequestScope;
import dev.spillway.service.tracing.SpanAttributes;
import dev.spillway.service.tracing.Traceparent;
import dev.spillway.service.tracing.Tracing;
import dev.spillway.worker.core.model.Delivery;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Writes each step of a put and of an order at this host into the log, at level debug, and into their traces. Bounded: if there are too many orders
 * at once, it leaves some out. While neither traces nor that level are on, it keeps nothing. Thread-safe.
 */
public final class HostTrail {
    private static final Logger LOG = LoggerFactory.getLogger(HostTrail.class);
    private static final long FOLLOWED_MAX = 10_000;
    private static final Duration PUT_FOLLOWED_FOR = Duration.ofMinutes(10);
    private static final Duration ORDER_FOLLOWED_FOR = Duration.ofDays(1);

    /**
     * An order on its way to its report.
     *
     * @param parent  the span that sent it
     * @param working the span of the deletion, up to its next report
     * @param told    the last result that was reported
     */
    private record Followed(Order order, SpanContext parent, Span working, Report.@Nullable Result told) {}

    /**
     * A report with what is known of its order.
     *
     * @param eviction    the eviction behind the order; empty if there is none, or it is not followed
     * @param traceparent the span of the deletion; empty where no traces are made
     */
    public record FollowedReport(Report report, Optional<EvictionId> eviction, Optional<String> traceparent) {}

    /** Sends a message. */
    @FunctionalInterface
    public interface Sending {
        Delivery<?> send() throws InterruptedException;
    }

    private final Tracing tracing;
    private final Cache<ReplicaId, Followed> orders =
            Caffeine.newBuilder().maximumSize(FOLLOWED_MAX).expireAfterWrite(ORDER_FOLLOWED_FOR).build();
    private final Cache<ReplicaId, RequestScope> puts =
            Caffeine.newBuilder().maximumSize(FOLLOWED_MAX).expireAfterWrite(PUT_FOLLOWED_FOR).build();

    public HostTrail(Tracing tracing) {
        this.tracing = tracing;
    }

    private boolean isFollowing() {
        return tracing.isOn() || LOG.isDebugEnabled();
    }

    /** Notes an image that the request of this thread offers to the registry. */
    public void offered(ReplicaId replica) {
        RequestScope request = isFollowing() ? RequestScope.current() : null;
        if (request != null) {
            puts.put(replica, new RequestScope(request.id(), request.span()));
            LOG.atDebug().addKeyValue("replica", replica).addKeyValue("request", request.id()).log("offered to the registry");
        }
    }

    /**
     * Sends a message as a part of the requests whose images it registers, and follows the orders in its answer.
     *
     * @return the delivery that {@code sending} returned
     */
    public Delivery<?> during(WorkerMessage<?> message, Sending sending) throws InterruptedException {
        if (!isFollowing()) {
            return sending.send();
        }
        List<ReplicaId> offered = switch (message) {
            case RegisterRequest register -> register.items().stream().map(Registration::replicaId).toList();
            case AttachRequest attach -> attach.items().stream().map(Attachment::replicaId).toList();
            default -> List.of();
        };
        List<RequestScope> requests = offered.stream().map(puts::getIfPresent).filter(Objects::nonNull).toList();
        Delivery<?> delivery = requests.isEmpty() ? sending.send() : registering(requests, sending);
        if (delivery instanceof Delivery.Replied<?>(var reply)) {
            puts.invalidateAll(offered);
            if (reply instanceof Reply.Accepted<?>(var answer) && answer instanceof HeartbeatAnswer heartbeat) {
                heartbeat.orders().forEach(order -> ordered(order, null, "heartbeat"));
            }
        }
        return delivery;
    }

    private Delivery<?> registering(List<RequestScope> requests, Sending sending) throws InterruptedException {
        RequestScope first = requests.getFirst();
        SpanBuilder builder = tracing.span("register", first.span()).setSpanKind(SpanKind.CLIENT);
        requests.stream().skip(1).map(RequestScope::span).forEach(builder::addLink);
        Span span = builder.startSpan();
        try {
            return new RequestScope(first.id(), span.getSpanContext()).call(sending::send);
        } finally {
            span.end();
        }
    }

    /**
     * Follows an order for this host from Kafka.
     *
     * @param traceparent as its message has it; ignored if it is malformed
     */
    public void ordered(Order order, @Nullable String traceparent) {
        ordered(order, traceparent, "Kafka");
    }

    private void ordered(Order order, @Nullable String traceparent, String by) {
        if (!isFollowing()) {
            return;
        }
        about(order.evictionId(), order.replicaId()).log("order received by {}: {}, attempt {}", by, order.cause(), order.attempt());
        SpanContext named = Traceparent.parse(traceparent);
        SpanContext parent = named.isValid() ? named
                : Tracing.rootOf(order.evictionId() == null ? order.replicaId().value() : order.evictionId().value());
        orders.asMap().computeIfAbsent(order.replicaId(), replica -> new Followed(order, parent, deleting(order, parent), null));
    }

    private Span deleting(Order order, SpanContext parent) {
        return !tracing.isOn() ? Span.getInvalid()
                : tracing.span("delete image", parent)
                        .setSpanKind(SpanKind.CONSUMER)
                        .setAttribute(SpanAttributes.REPLICA, order.replicaId().toString())
                        .setAttribute(SpanAttributes.HOST, order.hostId().value())
                        .setAttribute(SpanAttributes.NAMESPACE, order.namespace().value())
                        .setAttribute(SpanAttributes.KEY, order.key().value())
                        .startSpan();
    }

    /**
     * Notes a report that this host is about to make. A deletion that goes on after the report, such as after the end of a hold, gets another span.
     */
    public FollowedReport reported(Report report) {
        Followed followed = isFollowing() ? orders.getIfPresent(report.replicaId()) : null;
        if (followed == null) {
            return new FollowedReport(report, Optional.empty(), Optional.empty());
        }
        Order order = followed.order();
        Optional<String> traceparent = Optional.of(followed.working().getSpanContext()).filter(SpanContext::isValid).map(Traceparent::text);
        if (report.result() != followed.told()) {
            about(order.evictionId(), report.replicaId()).log("image {}", inWords(report));
            followed.working().setAttribute(SpanAttributes.RESULT, report.result().name());
            if (report.result() == Report.Result.FAILED) {
                followed.working().setStatus(StatusCode.ERROR, String.valueOf(report.why()));
            }
            followed.working().end();
            if (report.result().closes()) {
                orders.invalidate(report.replicaId());
            } else {
                orders.put(report.replicaId(), new Followed(order, followed.parent(), deleting(order, followed.parent()), report.result()));
            }
        }
        return new FollowedReport(report, Optional.ofNullable(order.evictionId()), traceparent);
    }

    private static String inWords(Report report) {
        return switch (report.result()) {
            case DELETED -> "unlinked, %d bytes freed".formatted(report.bytesFreed());
            case ABSENT -> "absent";
            case DEFERRED -> "held until " + report.until();
            case FAILED -> "not unlinked: " + report.why();
            case NOT_UNDERSTOOD -> "kept, the order is not understood: " + report.why();
        };
    }

    /** Notes a report that Kafka has acknowledged. */
    public void sent(FollowedReport followed) {
        if (LOG.isDebugEnabled()) {
            Report report = followed.report();
            about(followed.eviction().orElse(null), report.replicaId()).log("report sent: {}", report.result());
        }
    }

    private static LoggingEventBuilder about(@Nullable EvictionId eviction, ReplicaId replica) {
        LoggingEventBuilder line = LOG.atDebug().addKeyValue("replica", replica);
        return eviction == null ? line : line.addKeyValue("eviction", eviction);
    }
}
