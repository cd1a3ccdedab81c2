package dev.spillway.examples.cleaner;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.coordinator.app.Coordinator;
import dev.spillway.coordinator.app.CoordinatorSettings;
import dev.spillway.embedded.EmbeddedKafkaSettings;
import dev.spillway.embedded.EmbeddedServers;
import dev.spillway.embedded.PostgresSettings;
import dev.spillway.events.codec.Json;
import dev.spillway.events.codec.Topics;
import dev.spillway.service.settings.Sources;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/** A coordinator with its servers, and the requests of a test to it. */
final class Registry implements AutoCloseable {
    private static final int PARTITIONS = 2;
    private static final List<TopicPartition> FACTS =
            List.of(new TopicPartition(Topics.EVICTIONS, 0), new TopicPartition(Topics.EVICTIONS, 1));

    private final ObjectMapper mapper = Json.tolerant();
    private final HttpClient client = HttpClient.newHttpClient();
    private final EmbeddedServers servers;
    private final Coordinator coordinator;
    private final Admin admin;
    private final KafkaProducer<byte[], byte[]> producer;

    Registry() throws Exception {
        servers = EmbeddedServers.start(PostgresSettings.temporary(), EmbeddedKafkaSettings.temporary());
        coordinator = Coordinator.start(
                CoordinatorSettings.read(
                        Sources.of(
                                Map.of(
                                        "listen",
                                        "127.0.0.1:0",
                                        "database-url",
                                        servers.postgres().jdbcUrl(),
                                        "database-user",
                                        servers.postgres().user(),
                                        "database-password",
                                        servers.postgres().password(),
                                        "kafka-servers",
                                        kafka(),
                                        "orders-partitions",
                                        "2",
                                        "evictions-partitions",
                                        Integer.toString(PARTITIONS),
                                        "reports-partitions",
                                        "2"))));
        admin = Admin.create(Map.of("bootstrap.servers", kafka()));
        producer = new KafkaProducer<>(Map.of("bootstrap.servers", kafka()), new ByteArraySerializer(), new ByteArraySerializer());
    }

    String kafka() {
        return servers.kafka().bootstrapServers();
    }

    String url() {
        return "http://" + coordinator.address();
    }

    void namespace(String namespace, int maxEntries) throws IOException, InterruptedException {
        send("PUT", "/v1/namespaces/" + namespace, Map.of("maxEntries", maxEntries));
    }

    void put(String namespace, String key, String snapshotId) throws IOException, InterruptedException {
        send("PUT", "/v1/namespaces/" + namespace + "/entries/" + key, Map.of("snapshotId", snapshotId, "sizeBytes", 1));
    }

    void delete(String namespace, String key) throws IOException, InterruptedException {
        send("DELETE", "/v1/namespaces/" + namespace + "/entries/" + URLEncoder.encode(key, StandardCharsets.UTF_8), null);
    }

    private void send(String method, String path, @Nullable Object body) throws IOException, InterruptedException {
        HttpRequest.BodyPublisher publisher =
                body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(mapper.writeValueAsString(body));
        HttpResponse<String> answer = client.send(
                HttpRequest.newBuilder(URI.create(url() + path))
                        .header("Content-Type", "application/json")
                        .method(method, publisher)
                        .build(),
                BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    /** Waits for so many facts of a namespace, and returns them in the order of the topic. */
    List<ConsumerRecord<byte[], byte[]>> facts(String namespace, int count) throws IOException {
        return told("\"namespace\":\"" + namespace + "\"", count);
    }

    /** Waits for so many records with this text in them. */
    List<ConsumerRecord<byte[], byte[]>> told(String text, int count) throws IOException {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", kafka()),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            consumer.assign(FACTS);
            consumer.seekToBeginning(FACTS);
            List<ConsumerRecord<byte[], byte[]>> found = new ArrayList<>();
            long deadline = System.nanoTime() + Duration.ofMinutes(5).toNanos();
            while (found.size() < count) {
                assertThat(System.nanoTime()).as(found.size() + " records with " + text).isLessThan(deadline);
                for (ConsumerRecord<byte[], byte[]> each : consumer.poll(Duration.ofMillis(100))) {
                    if (each.value() != null && new String(each.value(), StandardCharsets.UTF_8).contains(text)) {
                        found.add(each);
                    }
                }
            }
            return found;
        }
    }

    /** Publishes a fact again. */
    RecordMetadata tell(ConsumerRecord<byte[], byte[]> fact) throws InterruptedException, ExecutionException {
        return tell(List.of(fact.headers().toArray()), fact.value());
    }

    RecordMetadata tell(List<Header> headers, byte @Nullable [] value) throws InterruptedException, ExecutionException {
        return producer.send(new ProducerRecord<byte[], byte[]>(Topics.EVICTIONS, 0, (Long) null, null, value, headers)).get();
    }

    /** Asserts that a group has committed the offset of the end of the topic. */
    void assertAllSettled(String group) throws InterruptedException, ExecutionException {
        var committed = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
        var ends = admin.listOffsets(FACTS.stream().collect(Collectors.toMap(each -> each, each -> OffsetSpec.latest()))).all().get();
        ends.forEach((partition, end) -> {
            if (end.offset() > 0) {
                OffsetAndMetadata place = committed.get(partition);
                assertThat(place == null ? -1 : place.offset()).as("place of " + group + " in " + partition).isEqualTo(end.offset());
            }
        });
    }

    @Override
    public void close() {
        producer.close();
        admin.close();
        coordinator.close();
        servers.close();
    }
}
