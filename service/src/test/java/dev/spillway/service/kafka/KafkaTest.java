package dev.spillway.service.kafka;

import dev.spillway.service.DependencyUnavailableException;
import dev.spillway.service.Reachability;
import dev.spillway.service.kafka.KafkaTopics.Copies;
import dev.spillway.service.kafka.KafkaTopics.Findings;
import dev.spillway.service.kafka.KafkaTopics.Topic;
import dev.spillway.service.settings.HostPort;
import dev.spillway.service.settings.SettingsDeclaration;
import dev.spillway.service.settings.Sources;
import dev.spillway.testservers.TestKafka;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Tests topics, messages and settings against a real broker. */
class KafkaTest {
    private static final Reachability SOON = Reachability.within(Duration.ofMinutes(5));

    private static TestKafka broker;
    private static KafkaSettings settings;

    @BeforeAll
    static void start(TestInfo test, @TempDir Path directory) {
        broker = TestKafka.start(test.getTestClass().orElseThrow(), directory);
        settings = new KafkaSettings(List.of(HostPort.parse(broker.bootstrapServers())), "test", Duration.ofMinutes(2));
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    @Test
    void topicsThatAreMissingAreMadeAndThoseThatAreThereKeepTheirPartitions() throws Exception {
        try (var first = KafkaTopics.open(settings, List.of(new Topic("kept", 3, Duration.ofHours(1))), SOON)) {
            assertThat(first.partitions()).isEqualTo(Map.of("kept", 3));
            first.check();
        }
        try (var again = KafkaTopics.open(
                settings,
                List.of(new Topic("kept", 16, Duration.ofDays(7)), new Topic("added", 2, Duration.ofDays(7))),
                SOON)) {
            assertThat(again.partitions()).isEqualTo(Map.of("kept", 3, "added", 2));
        }
        try (var admin = Admin.create(settings.admin())) {
            awaitConfiguration(admin, "added", Map.of("retention.ms", Long.toString(Duration.ofDays(7).toMillis())));
        }
    }

    @Test
    void whatLosesMessagesIsCorrectedAndLongerRetentionIsShortenedOnlyAtTheStartAndIfAsked() throws Exception {
        var topic = new Topic("changed", 1, Duration.ofHours(2), Copies.OF_BROKERS, true);
        try (var admin = Admin.create(settings.admin()); var topics = KafkaTopics.open(settings, List.of(topic), SOON)) {
            assertThat(topics.findings()).isEqualTo(Findings.NONE);
            var wrong = Map.of("cleanup.policy", "compact,delete", "retention.ms", "-1", "message.timestamp.type", "CreateTime");
            set(admin, "changed", wrong);
            awaitConfiguration(admin, "changed", wrong);
            assertThat(topics.inspect()).isEqualTo(Findings.NONE);
            awaitConfiguration(
                    admin,
                    "changed",
                    Map.of("cleanup.policy", "delete", "retention.ms", "-1", "message.timestamp.type", "LogAppendTime"));
            KafkaTopics.open(settings, List.of(new Topic("changed", 1, Duration.ofHours(2))), SOON).close();
            awaitConfiguration(admin, "changed", Map.of("retention.ms", "-1"));
            KafkaTopics.open(settings, List.of(topic), SOON).close();
            awaitConfiguration(admin, "changed", Map.of("retention.ms", "7200000"));
        }
    }

    @Test
    void copiesThatALostBrokerWouldTakeAreRemarkedAndTooFewToAcknowledgeAreAFault() throws Exception {
        KafkaTopics.open(settings, List.of(new Topic("copied", 1, Duration.ofHours(1))), SOON).close();
        var factor = new Topic("copied", 2, Duration.ofHours(1), new Copies(Optional.of(3), Optional.of(1)), false);
        try (var topics = KafkaTopics.open(settings, List.of(factor), SOON)) {
            assertThat(topics.findings()).isEqualTo(
                    new Findings(
                            List.of(),
                            List.of(
                                    "topic copied: partitions: 1 (expected: 2, as a new topic would have)",
                                    "topic copied: replication factor: 1 (expected: 3, as a new topic would have)")));
            assertThat(topics.inspect()).isEqualTo(topics.findings());
        }
        var acknowledged = new Topic("copied", 1, Duration.ofHours(1), new Copies(Optional.empty(), Optional.of(2)), false);
        try (var admin = Admin.create(settings.admin()); var topics = KafkaTopics.open(settings, List.of(acknowledged), SOON)) {
            assertThat(topics.findings().faults()).containsExactly(
                    "topic copied: min.insync.replicas: 1 (expected: 2 or more); not corrected: the topic has too few copies, 1");
            set(admin, "copied", Map.of("min.insync.replicas", "2"));
            awaitConfiguration(admin, "copied", Map.of("min.insync.replicas", "2"));
            assertThat(topics.inspect().faults()).containsExactly(
                    "topic copied: min.insync.replicas: 2 (expected: at most 1, the copies of the topic, which takes no message)");
        }
        var made = new Topic("made-with-copies", 1, Duration.ofHours(1), new Copies(Optional.of(1), Optional.of(1)), false);
        try (var topics = KafkaTopics.open(settings, List.of(made), SOON)) {
            assertThat(topics.inspect()).isEqualTo(Findings.NONE);
        }
    }

    private static void set(Admin admin, String topic, Map<String, String> values) throws Exception {
        var changes = values.entrySet()
                .stream()
                .map(value -> new AlterConfigOp(new ConfigEntry(value.getKey(), value.getValue()), AlterConfigOp.OpType.SET))
                .toList();
        admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, topic), changes)).all().get();
    }

    /** Waits until the broker returns the expected configuration of a topic. It gets changes from the controller with a delay. */
    private static void awaitConfiguration(Admin admin, String topic, Map<String, String> expected) throws InterruptedException {
        var deadline = Instant.now().plus(Duration.ofMinutes(5));
        String seen = "";
        while (Instant.now().isBefore(deadline)) {
            try {
                var configuration = admin.describeConfigs(List.of(new ConfigResource(ConfigResource.Type.TOPIC, topic)))
                        .all()
                        .get()
                        .values()
                        .iterator()
                        .next();
                if (expected.entrySet().stream().allMatch(value -> configuration.get(value.getKey()).value().equals(value.getValue()))) {
                    return;
                }
                seen = configuration.toString();
            } catch (ExecutionException e) {
                seen = e.toString();
            }
            Thread.sleep(20);
        }
        throw new AssertionError("topic %s: %s (expected: %s)".formatted(topic, seen, expected));
    }

    @Test
    void aMessageArrivesAsItWasSentInThePartitionItWasSentTo() throws Exception {
        try (var topics = KafkaTopics.open(settings, List.of(new Topic("orders", 4, Duration.ofHours(1))), SOON);
                var sender = new MessageSender(settings)) {
            assertThat(topics.partitions()).containsKey("orders");
            var message = new Message(
                    "orders",
                    OptionalInt.of(2),
                    "host-1",
                    Map.of("ce_id", "7".getBytes(StandardCharsets.UTF_8)),
                    new byte[]{1, 2, 3});
            var without = new Message("orders", OptionalInt.of(2), null, Map.of(), new byte[0]);
            assertThat(sender.send(message).get()).isZero();
            assertThat(sender.send(without).get()).isEqualTo(1);
            assertThat(read(new TopicPartition("orders", 2), 2)).containsExactly(message, without);
        }
    }

    private static List<Message> read(TopicPartition partition, int count) {
        try (var consumer = new KafkaConsumer<byte[], byte[]>(settings.consumer("readers"))) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            var messages = new ArrayList<Message>();
            while (messages.size() < count) {
                consumer.poll(Duration.ofSeconds(1)).forEach(record -> messages.add(Message.of(record)));
            }
            return messages;
        }
    }

    @Test
    void aConsumerReadsOnFromWhatItCommittedAndIsToldWhenThereIsNothingToReadOnFrom() throws Exception {
        var partition = new TopicPartition("reports", 0);
        try (var topics = KafkaTopics.open(settings, List.of(new Topic("reports", 1, Duration.ofHours(1))), SOON);
                var sender = new MessageSender(settings)) {
            assertThat(topics.partitions()).containsEntry("reports", 1);
            for (int number = 0; number < 3; number++) {
                assertThat(
                        sender.send(new Message("reports", OptionalInt.empty(), "host-1", Map.of(), new byte[]{(byte) number}))
                                .get())
                        .isEqualTo(number);
            }
        }
        try (var consumer = new KafkaConsumer<byte[], byte[]>(settings.consumer("coordinators"))) {
            consumer.assign(List.of(partition));
            assertThatThrownBy(() -> consumer.poll(Duration.ofMinutes(5))).isInstanceOf(NoOffsetForPartitionException.class);
            consumer.commitSync(Map.of(partition, new OffsetAndMetadata(2)));
        }
        try (var consumer = new KafkaConsumer<byte[], byte[]>(settings.consumer("coordinators"))) {
            consumer.assign(List.of(partition));
            var read = new ArrayList<Long>();
            while (read.isEmpty()) {
                consumer.poll(Duration.ofSeconds(1)).forEach(record -> read.add(record.offset()));
            }
            assertThat(read).containsExactly(2L);
        }
    }

    @Test
    void aSendToATopicThatIsNotThereFails() {
        var quick = new KafkaSettings(settings.servers(), "test", Duration.ofSeconds(1));
        try (var sender = new MessageSender(quick)) {
            assertThat(sender.send(new Message("nowhere", OptionalInt.of(900), null, Map.of(), new byte[0])))
                    .failsWithin(Duration.ofMinutes(5));
        }
    }

    @Test
    void brokersThatStayAwayAreNamed() throws Exception {
        int port;
        try (var free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        var away = new KafkaSettings(List.of(new HostPort("127.0.0.1", port)), "test", Duration.ofSeconds(1));
        assertThatThrownBy(() -> KafkaTopics.open(away, List.of(), Reachability.within(Duration.ZERO)))
                .isInstanceOf(DependencyUnavailableException.class)
                .hasMessage("Kafka at 127.0.0.1:" + port + ": connection refused, given up after 1 attempt");
    }

    @Test
    void ofSeveralBrokersEachTroubleIsNamed() {
        var away = new KafkaSettings(
                List.of(new HostPort("127.0.0.1", 1), new HostPort("kafka.invalid", 9092)),
                "test",
                Duration.ofSeconds(1));
        assertThatThrownBy(() -> KafkaTopics.open(away, List.of(), Reachability.within(Duration.ZERO)))
                .hasMessage(
                        "Kafka at 127.0.0.1:1,kafka.invalid:9092: 127.0.0.1:1 connection refused, kafka.invalid:9092 unknown host name, "
                                + "given up after 1 attempt");
    }

    @Test
    void whatListensAndIsNoKafkaIsSaidToBeSo() throws Exception {
        try (var silent = new ServerSocket(0)) {
            var other = new KafkaSettings(List.of(new HostPort("127.0.0.1", silent.getLocalPort())), "test", Duration.ofSeconds(1));
            assertThatThrownBy(() -> KafkaTopics.open(other, List.of(), Reachability.within(Duration.ZERO)))
                    .hasMessageContaining("something listens there and does not answer as Kafka does");
        }
    }

    @Test
    void settingsBecomeProperties() throws Exception {
        var read = new SettingsDeclaration("worker", KafkaSettings.SETTINGS, List.of())
                .read(Sources.of(Map.of("kafka-servers", "a:1,[::1]:2", "kafka-delivery-timeout", "4s")));
        var kafka = KafkaSettings.from(read, "worker-host-1");
        assertThat(kafka.producer()).containsEntry("bootstrap.servers", "a:1,[::1]:2")
                .containsEntry("client.id", "worker-host-1")
                .containsEntry("acks", "all")
                .containsEntry("enable.idempotence", true)
                .containsEntry("delivery.timeout.ms", 4000);
        assertThat(kafka.consumer("g")).containsEntry("enable.auto.commit", false)
                .containsEntry("group.id", "g")
                .containsEntry("auto.offset.reset", "none");
    }

    @Test
    void securityIsReadFromAFileWhoseOtherPropertiesAreRefusedAndWhoseValuesAreNotShown(@TempDir Path folder) throws Exception {
        var declaration = new SettingsDeclaration("worker", KafkaSettings.SETTINGS, List.of());
        Path file = Files.writeString(folder.resolve("client.properties"), "security.protocol=SASL_SSL\nsasl.jaas.config=canary\n");
        var settings = Map.of("kafka-servers", "a:1", "kafka-client-properties", file.toString());
        var kafka = KafkaSettings.from(declaration.read(Sources.of(settings)), "c");
        assertThat(
                List.of(kafka.producer(), kafka.consumer("g"), kafka.withClientId("d").withDeliveryTimeout(Duration.ofSeconds(1)).admin()))
                .allSatisfy(
                        properties -> assertThat(properties).containsEntry("security.protocol", "SASL_SSL")
                                .containsEntry("sasl.jaas.config", "canary"));
        assertThat(kafka + declaration.read(Sources.of(settings)).print()).contains(file.toString()).doesNotContain("canary");
        for (var wrong : List.of("acks=0", "ssl.trustore.location=x")) {
            Files.writeString(file, "sasl.jaas.config=canary\n" + wrong);
            assertThatThrownBy(() -> declaration.read(Sources.of(settings))).hasMessageContainingAll(
                    "kafka-client-properties: " + file,
                    "begin with security., sasl. or ssl.").message().doesNotContain("canary");
        }
    }
}
