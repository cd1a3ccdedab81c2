package dev.spillway.embedded;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import org.apache.commons.io.FileUtils;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class KafkaBrokerTest {
    @Test
    void carriesRecordsAndKeepsThemAndTheClustersIdentityOverRestarts(@TempDir Path directory) throws Exception {
        String clusterId;
        try (KafkaBroker broker = KafkaBroker.start(EmbeddedKafkaSettings.keptIn(directory))) {
            clusterId = broker.clusterId();
            Clients.createTopic(broker, "facts", 3);
            Clients.send(broker, "facts", List.of("one", "two", "three"));
            assertThat(Clients.receive(broker, "readers", "facts", 3)).containsExactlyInAnyOrder("one", "two", "three");
        }
        try (KafkaBroker broker = KafkaBroker.start(EmbeddedKafkaSettings.keptIn(directory)); Admin admin = Clients.admin(broker)) {
            assertThat(broker.clusterId()).isEqualTo(clusterId);
            assertThat(admin.describeCluster().clusterId().get()).isEqualTo(clusterId);
            Clients.send(broker, "facts", List.of("four"));
            assertThat(Clients.receive(broker, "readers", "facts", 1)).as("the group goes on where it was").containsExactly("four");
            assertThat(Clients.receive(broker, "newcomers", "facts", 4)).containsExactlyInAnyOrder("one", "two", "three", "four");
            assertThat(admin.describeTopics(List.of("__consumer_offsets")).allTopicNames().get().values())
                    .singleElement()
                    .satisfies(topic -> assertThat(topic.partitions()).hasSizeLessThanOrEqualTo(16));
        }
    }

    @Test
    void takesSettingsAndMakesNoTopicByAccident() throws Exception {
        EmbeddedKafkaSettings settings =
                EmbeddedKafkaSettings.temporary().withRetention(Duration.ofHours(5)).withProperty("log.segment.bytes", "2097152");
        try (KafkaBroker broker = KafkaBroker.start(settings); Admin admin = Clients.admin(broker)) {
            ConfigResource self = new ConfigResource(ConfigResource.Type.BROKER, "1");
            Config config = Objects.requireNonNull(admin.describeConfigs(List.of(self)).all().get().get(self));
            assertThat(config.get("log.retention.ms").value()).isEqualTo("18000000");
            assertThat(config.get("log.segment.bytes").value()).isEqualTo("2097152");
            assertThat(config.get("auto.create.topics.enable").value()).isEqualTo("false");

            try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                    Map.of("bootstrap.servers", broker.bootstrapServers(), "max.block.ms", "500"),
                    new StringSerializer(),
                    new StringSerializer())) {
                assertThatExceptionOfType(ExecutionException.class)
                        .isThrownBy(() -> producer.send(new ProducerRecord<>("mistyped", "value")).get())
                        .withMessageContaining("mistyped");
            }
            assertThat(admin.listTopics().names().get()).isEmpty();
            assertThatExceptionOfType(ConnectException.class).as("another address of this machine")
                    .isThrownBy(() -> new Socket(InetAddress.ofLiteral("127.0.0.2"), broker.port()).close());
        }
    }

    @Test
    void leavesNothingBehindAndStartsAgainOnTheSamePortsAtOnce() throws Exception {
        int port;
        int controllerPort;
        // Both bound at once, so that they are two.
        try (ServerSocketChannel first = LoopbackPort.bind("test", 0); ServerSocketChannel second = LoopbackPort.bind("test", 0)) {
            port = first.socket().getLocalPort();
            controllerPort = second.socket().getLocalPort();
        }
        EmbeddedKafkaSettings settings = EmbeddedKafkaSettings.temporary().withPort(port).withControllerPort(controllerPort);
        KafkaBroker broker = KafkaBroker.start(settings);
        Path directory = broker.directory();
        assertThat(broker.bootstrapServers()).isEqualTo("127.0.0.1:" + port);
        broker.close();
        broker.close();

        assertThat(directory).doesNotExist();
        assertThat(broker.ended().toCompletableFuture()).isCompleted();
        for (int free : List.of(port, controllerPort)) {
            LoopbackPort.bind("test", free).close();
        }
        KafkaBroker.start(settings).close();
        Await.until(
                "no thread of the broker is left",
                () -> Thread.getAllStackTraces().keySet().stream().noneMatch(KafkaBrokerTest::servesKafka));
    }

    private static boolean servesKafka(Thread thread) {
        return thread.getName().startsWith("data-plane-kafka") || thread.getName().startsWith("kafka-")
                || thread.getName().startsWith("quorum-controller");
    }

    @Test
    void namesTheBusyPortAndLeavesTheDirectoryFree(@TempDir Path directory) throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            int port = taken.getLocalPort();
            assertThatExceptionOfType(PortInUseException.class)
                    .isThrownBy(() -> KafkaBroker.start(EmbeddedKafkaSettings.keptIn(directory).withPort(port)))
                    .withMessageContaining("Kafka port: " + port)
                    .satisfies(failure -> assertThat(failure.port()).isEqualTo(port));
            assertThatExceptionOfType(PortInUseException.class)
                    .isThrownBy(() -> KafkaBroker.start(EmbeddedKafkaSettings.keptIn(directory).withControllerPort(port)))
                    .withMessageContaining("Kafka controller port: " + port);
        }
        KafkaBroker.start(EmbeddedKafkaSettings.keptIn(directory)).close();
    }

    @Test
    void refusesASecondBrokerOnItsDirectory(@TempDir Path directory) throws Exception {
        try (KafkaBroker broker = KafkaBroker.start(EmbeddedKafkaSettings.keptIn(directory))) {
            assertThatExceptionOfType(DirectoryInUseException.class)
                    .isThrownBy(() -> KafkaBroker.start(EmbeddedKafkaSettings.keptIn(directory)))
                    .withMessageContaining(directory.toRealPath().toString());
            Clients.createTopic(broker, "still-there", 1);
        }
    }

    @Test
    void saysWhyItCannotUseItsDataAndLeavesItsProcessAlive(@TempDir Path directory) throws Exception {
        KafkaBroker.start(EmbeddedKafkaSettings.keptIn(directory)).close();
        Path metadataLog = directory.resolve("data/__cluster_metadata-0");
        FileUtils.deleteDirectory(metadataLog.toFile());
        Files.createFile(metadataLog);
        assertThatExceptionOfType(EmbeddedServerException.class)
                .isThrownBy(() -> KafkaBroker.start(EmbeddedKafkaSettings.keptIn(directory)))
                .withMessageContaining("starting Kafka on " + directory.toRealPath());

        Files.writeString(directory.resolve("data/meta.properties"), "version=1\nnode.id=7\ncluster.id=x\n");
        assertThatExceptionOfType(EmbeddedServerException.class)
                .isThrownBy(() -> KafkaBroker.start(EmbeddedKafkaSettings.keptIn(directory)))
                .withMessageContaining("configuring Kafka on " + directory.toRealPath());
        assertThatExceptionOfType(EmbeddedServerException.class)
                .isThrownBy(() -> KafkaBroker.start(EmbeddedKafkaSettings.temporary().withProperty("num.io.threads", "many")))
                .withMessageContaining("num.io.threads")
                .withMessageContaining("many");
        assertThatExceptionOfType(EmbeddedServerException.class)
                .isThrownBy(() -> KafkaBroker.start(EmbeddedKafkaSettings.keptIn(directory.resolve("a,b"))))
                .withMessageContaining("expected: a path without any of , \" $ ` \\");
    }

    @Test
    void refusesPropertiesThatItDecidesItself() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EmbeddedKafkaSettings.temporary().withProperty("listeners", "PLAINTEXT://0.0.0.0:9092"))
                .withMessageContaining("property listeners: PLAINTEXT://0.0.0.0:9092 (expected: not set");
        assertThatIllegalArgumentException().isThrownBy(() -> EmbeddedKafkaSettings.temporary().withPort(9092).withControllerPort(9092))
                .withMessageContaining("controllerPort: 9092");
        assertThatIllegalArgumentException().isThrownBy(() -> EmbeddedKafkaSettings.temporary().withRetention(Duration.ZERO))
                .withMessageContaining("retention: PT0S");
    }
}
