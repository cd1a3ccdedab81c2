package dev.spillway.coordinator;

import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.spillway.events.codec.EventCodec;
import dev.spillway.events.codec.UnreadableEventException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A plain consumer that depends only on Spillway's topics and schemas. Reads all partitions from the start and validates each value against its
 * schema.
 */
public final class TopicReader implements AutoCloseable {
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final String schema;
    private final List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();

    public TopicReader(String bootstrapServers, String topic, String schema) throws Exception {
        this.schema = schema;
        Map<String, Object> properties = new HashMap<>();
        properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        properties.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        properties.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        consumer = new KafkaConsumer<>(properties);
        Await.until("topic " + topic + " is there", () -> !consumer.partitionsFor(topic).isEmpty());
        consumer.assign(
                consumer.partitionsFor(topic)
                        .stream()
                        .map(partition -> new org.apache.kafka.common.TopicPartition(partition.topic(), partition.partition()))
                        .toList());
        consumer.seekToBeginning(consumer.assignment());
    }

    /** Returns all records so far, in the order of their arrival. */
    public List<ConsumerRecord<byte[], byte[]>> records() {
        consumer.poll(Duration.ofMillis(100)).forEach(record -> {
            assertThat(violations(schema, text(record))).as(text(record)).isEmpty();
            records.add(record);
        });
        return records;
    }

    public <T> List<T> values(Class<T> type) {
        return records().stream().map(record -> read(type, record)).toList();
    }

    public static <T> T read(Class<T> type, ConsumerRecord<byte[], byte[]> record) {
        Map<String, String> headers = new HashMap<>();
        record.headers().forEach(header -> headers.put(header.key(), new String(header.value(), StandardCharsets.UTF_8)));
        try {
            return new EventCodec("/test").decode(type, headers, record.value());
        } catch (UnreadableEventException e) {
            throw new AssertionError(text(record), e);
        }
    }

    private static String text(ConsumerRecord<byte[], byte[]> record) {
        return new String(record.value(), StandardCharsets.UTF_8);
    }

    private static List<String> violations(String schema, String json) {
        try (var resource =
                Objects.requireNonNull(TopicReader.class.getResourceAsStream("/dev/spillway/schemas/events/" + schema + ".json"), schema)) {
            return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                    .getSchema(resource, InputFormat.JSON)
                    .validate(json, InputFormat.JSON, run -> run.executionConfig(config -> config.formatAssertionsEnabled(true)))
                    .stream()
                    .map(Object::toString)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(schema, e);
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
