package dev.spillway.events.codec;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.Order;
import dev.spillway.events.Report;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Writes and reads the events on Kafka. Thread-safe. */
public final class EventCodec {
    private static final String CONTENT_TYPE = "application/json";
    private static final int BYTES_MAX = 64 * 1024;

    private final ObjectMapper mapper = Json.tolerant();
    private final String source;

    /**
     * Creates a codec for one process.
     *
     * @param source the CloudEvents source of the events that it writes, for example {@code /spillway/coordinator}
     */
    public EventCodec(String source) {
        this.source = source;
    }

    public EventMessage encode(EvictionFact fact) {
        return encode(EventType.EVICTION, fact.id().toString(), fact.evictedAt(), fact);
    }

    /** Encodes an order. Each repetition has a CloudEvents id of its own, and all ids of one order contain its replica id. */
    public EventMessage encode(Order order) {
        return encode(EventType.ORDER, order.replicaId() + "/" + order.attempt(), order.doomedAt(), order);
    }

    public EventMessage encode(Report report, Instant at) {
        return encode(EventType.REPORT, report.replicaId() + "/" + report.result() + "/" + at.toEpochMilli(), at, report);
    }

    /**
     * Reads an event of the given type.
     *
     * @throws UnreadableEventException if it is of another type or version, or its value is not as its schema says
     */
    public <T> T decode(Class<T> expected, Map<String, String> headers, byte @Nullable [] value) throws UnreadableEventException {
        String type = headers.get(EventMessage.TYPE);
        EventType known = null;
        for (EventType candidate : EventType.values()) {
            if (candidate.ceType().equals(type)) {
                known = candidate;
            }
        }
        if (known == null || known.payload() != expected) {
            throw new UnreadableEventException("event type: " + type + " (expected: the type of " + expected.getSimpleName() + ")", null);
        }
        if (value == null || value.length > BYTES_MAX) {
            throw new UnreadableEventException(
                    "event value: " + (value == null ? "none" : value.length + " bytes") + " (expected: 1 to " + BYTES_MAX + " bytes)",
                    null);
        }
        try {
            T read = mapper.readValue(value, expected);
            if (read == null) {
                throw new UnreadableEventException("event value: null (expected: " + type + ")", null);
            }
            return read;
        } catch (IOException e) {
            throw new UnreadableEventException("event value: not readable as " + type, e);
        }
    }

    private EventMessage encode(EventType type, String id, Instant time, Object payload) {
        SortedMap<String, String> headers = new TreeMap<>();
        headers.put("ce_specversion", "1.0");
        headers.put(EventMessage.TYPE, type.ceType());
        headers.put("ce_source", source);
        headers.put(EventMessage.ID, id);
        headers.put("ce_time", time.toString());
        headers.put("content-type", CONTENT_TYPE);
        try {
            return new EventMessage(headers, mapper.writeValueAsString(payload));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("writing " + type + " " + id + " as JSON", e);
        }
    }
}
