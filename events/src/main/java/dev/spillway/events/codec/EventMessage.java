package dev.spillway.events.codec;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * An event as Kafka carries it: CloudEvents 1.0 in binary mode, attributes as headers with the prefix {@code ce_}, the JSON as the
 * body.
 */
public record EventMessage(SortedMap<String, String> headers, String json) {
    static final String TYPE = "ce_type";
    static final String ID = "ce_id";
    /** Header of the W3C trace context, as the CloudEvents extension for distributed tracing names it. Readers ignore a malformed value. */
    public static final String TRACEPARENT = "ce_traceparent";

    /** Returns the same event with a trace context, if there is one. */
    public EventMessage tracedBy(Optional<String> traceparent) {
        if (traceparent.isEmpty()) {
            return this;
        }
        SortedMap<String, String> traced = new TreeMap<>(headers);
        traced.put(TRACEPARENT, traceparent.get());
        return new EventMessage(traced, json);
    }

    /** Returns the same event with an authentication code, which proves that its writer has the key. */
    public EventMessage provenBy(MessageKey key) {
        SortedMap<String, String> proven = new TreeMap<>(headers);
        proven.put(MessageKey.HEADER, key.code(headers, json.getBytes(StandardCharsets.UTF_8)));
        return new EventMessage(proven, json);
    }
}
