package dev.spillway.coordinator.kafka;

import dev.spillway.events.codec.EventMessage;
import dev.spillway.service.kafka.Message;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;

/** Encodes events as Kafka messages. */
final class EventMessages {
    /** CloudEvents source of a coordinator's messages. */
    static final String SOURCE = "/spillway/coordinator";

    private EventMessages() {}

    static Message message(String topic, OptionalInt partition, String key, EventMessage event) {
        Map<String, byte[]> headers = new LinkedHashMap<>();
        event.headers().forEach((name, value) -> headers.put(name, value.getBytes(StandardCharsets.UTF_8)));
        return new Message(topic, partition, key, headers, event.json().getBytes(StandardCharsets.UTF_8));
    }

    static Map<String, String> headers(Message message) {
        Map<String, String> headers = new LinkedHashMap<>();
        message.headers().forEach((name, value) -> headers.put(name, new String(value, StandardCharsets.UTF_8)));
        return headers;
    }
}
