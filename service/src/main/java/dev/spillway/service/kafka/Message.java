package dev.spillway.service.kafka;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;

/**
 * A Kafka message, to be sent or as it was read. Compared by content.
 *
 * @param partition partition; if empty, Kafka chooses it by the key
 * @param key absent for a message without one
 * @param headers headers by name; the last of several with one name counts
 */
@SuppressWarnings("ArrayRecordComponent") // Compared by content below.
public record Message(String topic, OptionalInt partition, @Nullable String key, Map<String, byte[]> headers, byte[] value) {
    public Message {
        headers = Map.copyOf(headers);
    }

    ProducerRecord<byte[], byte[]> toRecord() {
        return new ProducerRecord<>(
                topic,
                partition.isPresent() ? partition.getAsInt() : null,
                key == null ? null : key.getBytes(StandardCharsets.UTF_8),
                value,
                headers.entrySet()
                        .stream()
                        .map(header -> new RecordHeader(header.getKey(), header.getValue()))
                        .map(Header.class::cast)
                        .toList());
    }

    /** Returns the message of a record; a missing value becomes an empty one. */
    public static Message of(ConsumerRecord<byte[], byte[]> record) {
        Map<String, byte[]> headers = new LinkedHashMap<>();
        record.headers().forEach(header -> headers.put(header.key(), header.value() == null ? new byte[0] : header.value()));
        return new Message(
                record.topic(),
                OptionalInt.of(record.partition()),
                record.key() == null ? null : new String(record.key(), StandardCharsets.UTF_8),
                headers,
                record.value() == null ? new byte[0] : record.value());
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Message message && topic.equals(message.topic) && partition.equals(message.partition)
                && Objects.equals(key, message.key)
                && Arrays.equals(value, message.value) && headers.keySet().equals(message.headers.keySet())
                && headers.entrySet().stream().allMatch(header -> Arrays.equals(header.getValue(), message.headers.get(header.getKey())));
    }

    @Override
    public int hashCode() {
        return Objects.hash(topic, partition, key, headers.keySet(), Arrays.hashCode(value));
    }

    @Override
    public String toString() {
        return "Message[topic=%s, partition=%s, key=%s, headers=%s, %d bytes]".formatted(
                topic,
                partition,
                key,
                headers.keySet(),
                value.length);
    }
}
