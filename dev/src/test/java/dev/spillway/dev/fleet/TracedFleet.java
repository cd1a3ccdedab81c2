package dev.spillway.dev.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A fleet of two hosts in which each second put evicts the one before it, from the other host. Kafka carries each order: heartbeats, which would, too,
 * are rare.
 */
final class TracedFleet implements AutoCloseable {
    static final String NAMESPACE = "traced";

    private static final Map<String, String> RARE_HEARTBEATS = Map.of(
            "heartbeat",
            "1m",
            "host-timeout",
            "5m",
            "grace",
            "5m",
            "order-retry",
            "2m",
            "order-retry-max",
            "10m");

    private final FleetInProcess fleet;
    private final Path tree;
    private int puts;

    /** @param endpoint where traces go, if they are made */
    TracedFleet(Path scratch, Optional<String> endpoint) throws Exception {
        Map<String, String> traced = endpoint.map(to -> Map.of("otlp-endpoint", to)).orElse(Map.of());
        Map<String, String> coordinator = new HashMap<>(RARE_HEARTBEATS);
        coordinator.putAll(traced);
        fleet = new FleetInProcess(scratch.resolve("fleet"), 2, coordinator, host -> traced);
        tree = Files.createDirectories(scratch.resolve("tree"));
        Files.writeString(tree.resolve("file"), "content");
        assertThat(Http.send("PUT", fleet.url() + "/v1/namespaces/" + NAMESPACE, Map.of("maxEntries", 1), Map.of()).status())
                .isEqualTo(200);
    }

    /** An eviction that a put caused, and the replica that went with it. */
    record Evicted(String id, String replica) {}

    /** Puts a new entry at one host, after one at the other, and waits until that one is evicted and gone. */
    Evicted putOverCapacity(Map<String, String> headers) throws Exception {
        put(1, Map.of());
        JsonNode evicted = put(2, headers).json().get("evicted");
        assertThat(evicted).hasSize(1);
        String key = evicted.get(0).get("key").asText();
        List<Evicted> found = new ArrayList<>();
        Eventually.holds(Eventually.HANG, () -> {
            JsonNode closed = Http.get(fleet.url() + "/v1/evictions?state=closed&namespace=" + NAMESPACE).json().get("items");
            for (JsonNode eviction : closed) {
                if (eviction.get("key").asText().equals(key)) {
                    JsonNode order = eviction.get("orders").get(0);
                    found.add(new Evicted(eviction.get("id").asText(), order.get("replicaId").asText()));
                }
            }
            assertThat(found).as(closed.toString()).isNotEmpty();
        });
        return found.getFirst();
    }

    private Http.Answer put(int host, Map<String, String> headers) throws Exception {
        Http.Answer answer = Http.send(
                "PUT",
                fleet.workerUrl(host) + "/v1/directories/" + NAMESPACE + "/entries/key-" + ++puts,
                new TreeMap<>(Map.of("sourceDir", tree.toString())),
                headers);
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        return answer;
    }

    /** Returns the headers of all messages of a topic whose value has a text in it. Waits for one. */
    List<Map<String, String>> headers(String topic, String text) {
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, fleet.kafkaServers(), ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false"),
                new StringDeserializer(),
                new StringDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic)
                    .stream()
                    .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            List<Map<String, String>> found = new ArrayList<>();
            Eventually.holds(Eventually.HANG, () -> {
                for (ConsumerRecord<String, String> message : consumer.poll(Duration.ofMillis(200))) {
                    if (message.value().contains(text)) {
                        Map<String, String> headers = new HashMap<>();
                        for (Header header : message.headers()) {
                            headers.put(header.key(), new String(header.value(), StandardCharsets.UTF_8));
                        }
                        found.add(headers);
                    }
                }
                assertThat(found).as("messages of %s with %s", topic, text).isNotEmpty();
            });
            return found;
        }
    }

    FleetInProcess fleet() {
        return fleet;
    }

    @Override
    public void close() {
        fleet.close();
    }
}
