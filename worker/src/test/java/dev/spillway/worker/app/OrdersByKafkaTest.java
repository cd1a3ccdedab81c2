package dev.spillway.worker.app;

import dev.spillway.embedded.EmbeddedKafkaSettings;
import dev.spillway.embedded.KafkaBroker;
import dev.spillway.events.HostId;
import dev.spillway.events.Order;
import dev.spillway.events.Report;
import dev.spillway.events.codec.EventCodec;
import dev.spillway.events.codec.EventMessage;
import dev.spillway.events.codec.MessageKey;
import dev.spillway.events.codec.Topics;
import dev.spillway.service.Reachability;
import dev.spillway.service.kafka.KafkaSettings;
import dev.spillway.service.kafka.KafkaTopics;
import dev.spillway.service.kafka.Message;
import dev.spillway.service.kafka.MessageSender;
import dev.spillway.service.settings.HostPort;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.entry;
import static dev.spillway.worker.app.RunningWorker.eventually;
import static dev.spillway.worker.app.TestRegistry.name;
import static org.assertj.core.api.Assertions.assertThat;

/** While heartbeats fail, orders and reports go through Kafka alone. */
class OrdersByKafkaTest {
    private static final EventCodec CODEC = new EventCodec("/spillway/test");

    @TempDir
    private Path folder;

    @Test
    void anOrderDeletesItsImageAndIsReportedAndIsNotReadAgainAfterARestart() throws Exception {
        TestRegistry registry = new TestRegistry().namespace("images", 10, null);
        try (KafkaBroker broker = KafkaBroker.start(EmbeddedKafkaSettings.temporary());
                TestCoordinator coordinator = new TestCoordinator(registry, 0)) {
            var settings = new KafkaSettings(
                    List.of(HostPort.parse(broker.bootstrapServers())),
                    "test",
                    RunningWorker.HANG);
            KafkaTopics.open(
                    settings,
                    List.of(
                            new KafkaTopics.Topic(Topics.ORDERS, 1, Duration.ofHours(1)),
                            new KafkaTopics.Topic(Topics.REPORTS, 1, Duration.ofHours(1))),
                    Reachability.within(RunningWorker.HANG)).close();
            Map<String, String> more = Map.of("kafka-servers", broker.bootstrapServers());
            Path source = Files.createDirectories(folder.resolve("source"));
            try (RunningWorker worker = new RunningWorker(folder.resolve("store"), coordinator.address().toString(), more).joined();
                    MessageSender sender = new MessageSender(settings)) {
                assertThat(worker.store("k", source).status()).isEqualTo(200);
                coordinator.stopHeartbeats();
                registry.invalidate(name("images", "k"));
                Order order = registry.orders().getFirst();
                send(sender, order, TestRegistry.keyOf(new HostId("host-2")));
                eventually(() -> unproven(worker) == 1);
                assertThat(worker.get(entry("k")).status()).as("forged by another host").isEqualTo(200);
                send(sender, order, TestRegistry.keyOf(order.hostId()));
                eventually(
                        () -> worker.get(entry("k")).status() == 404 && worker.area("images").isEmpty() && worker.area("trash").isEmpty());
                Report report = report(settings);
                assertThat(report.replicaId()).isEqualTo(order.replicaId());
                assertThat(report.result()).isEqualTo(Report.Result.DELETED);
                assertThat(report.bytesFreed()).isPositive();
                send(sender, order, TestRegistry.keyOf(order.hostId()));
                eventually(() -> worker.get("/v1/status").body().path("nextOffset").asLong() == 3);
            }
            coordinator.unavailable.clear();
            try (RunningWorker worker = new RunningWorker(folder.resolve("store"), coordinator.address().toString(), more).joined()) {
                eventually(() -> registry.openOrders() == 0);
                assertThat(worker.get("/v1/status").body().path("nextOffset").asLong()).isEqualTo(3);
            }
        }
    }

    private static double unproven(RunningWorker worker) throws Exception {
        String name = "spillway_orders_unproven_total ";
        return worker.client.send(HttpRequest.newBuilder(worker.uri("/metrics")).build(), BodyHandlers.ofString())
                .body()
                .lines()
                .filter(line -> line.startsWith(name))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
                .sum();
    }

    private static void send(MessageSender sender, Order order, MessageKey key) throws Exception {
        EventMessage event = CODEC.encode(order).provenBy(key);
        Map<String, byte[]> headers = new HashMap<>();
        event.headers().forEach((header, value) -> headers.put(header, value.getBytes(StandardCharsets.UTF_8)));
        assertThat(
                sender.send(
                        new Message(
                                Topics.ORDERS,
                                OptionalInt.of(0),
                                order.hostId().value(),
                                headers,
                                event.json().getBytes(StandardCharsets.UTF_8)))
                        .get())
                .isNotNegative();
    }

    private static Report report(KafkaSettings settings) throws Exception {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings.consumer("test"))) {
            TopicPartition partition = new TopicPartition(Topics.REPORTS, 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            Message message = Message.of(consumer.poll(RunningWorker.HANG).records(partition).getFirst());
            Map<String, String> headers = new HashMap<>();
            message.headers().forEach((header, value) -> headers.put(header, new String(value, StandardCharsets.UTF_8)));
            return CODEC.decode(Report.class, headers, message.value());
        }
    }
}
