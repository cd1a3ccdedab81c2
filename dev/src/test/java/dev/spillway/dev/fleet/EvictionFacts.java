package dev.spillway.dev.fleet;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** An outside reader of the facts, written as anyone would who has nothing but the topic's name and its JSON Schema. */
final class EvictionFacts implements AutoCloseable {
    private final KafkaConsumer<String, String> consumer;
    private final Schema contract;
    private final Map<String, String> keyById = new HashMap<>();

    EvictionFacts(String bootstrapServers) throws IOException {
        consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                        "earliest",
                        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                        "false"),
                new StringDeserializer(),
                new StringDeserializer());
        try (InputStream schema = EvictionFacts.class.getResourceAsStream("/dev/spillway/schemas/events/eviction.v1.json")) {
            contract = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                    .getSchema(new String(Objects.requireNonNull(schema).readAllBytes(), StandardCharsets.UTF_8), InputFormat.JSON);
        }
        List<TopicPartition> partitions = consumer.partitionsFor("spillway.evictions")
                .stream()
                .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
    }

    /** Reads what has come, checks each against the schema, and returns the evicted key of each event id seen so far. */
    Map<String, String> readMore() throws JsonProcessingException {
        for (ConsumerRecord<String, String> fact : consumer.poll(Duration.ofMillis(200))) {
            var violations = contract.validate(
                    fact.value(),
                    InputFormat.JSON,
                    run -> run.executionConfig(config -> config.formatAssertionsEnabled(true)));
            if (!violations.isEmpty()) {
                throw new AssertionError("fact: " + fact.value() + " violates its schema: " + violations);
            }
            if (!new String(fact.headers().lastHeader("ce_type").value(), StandardCharsets.UTF_8).equals("dev.spillway.eviction.v1")) {
                throw new AssertionError("headers: " + fact.headers() + " (expected: the type of the schema)");
            }
            var json = Http.mapper().readTree(fact.value());
            keyById.put(json.get("id").asText(), json.get("key").asText());
        }
        return keyById;
    }

    @Override
    public void close() {
        consumer.close();
    }
}
