package dev.spillway.worker.kafka;

import dev.spillway.embedded.EmbeddedKafkaSettings;
import dev.spillway.embedded.KafkaBroker;
import dev.spillway.events.HostId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.StoreId;
import dev.spillway.events.codec.MessageKey;
import dev.spillway.events.codec.Topics;
import dev.spillway.service.Reachability;
import dev.spillway.service.kafka.KafkaSettings;
import dev.spillway.service.kafka.KafkaTopics;
import dev.spillway.service.settings.SettingsDeclaration;
import dev.spillway.service.settings.Sources;
import dev.spillway.service.tracing.Tracing;
import dev.spillway.testservers.SecuredKafka;
import dev.spillway.worker.trail.HostTrail;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** A broker that asks for SASL over TLS. */
@Tag("full")
class SecuredKafkaTest {
    private static final HostId HOST = new HostId("host-1");
    private static final MessageKey KEY = MessageKey.of(new byte[MessageKey.BYTES], HOST);

    @TempDir
    private Path directory;

    private static KafkaSettings settings(KafkaBroker broker, Path client) throws Exception {
        return KafkaSettings.from(
                new SettingsDeclaration("worker", KafkaSettings.SETTINGS, List.of())
                        .read(Sources.of(Map.of("kafka-servers", broker.bootstrapServers(), "kafka-client-properties", client.toString()))),
                "test");
    }

    @Test
    void reportsPassAndAStrangerIsToldWhyNot() throws Exception {
        SecuredKafka secured = SecuredKafka.in(directory, "canary");
        var start = EmbeddedKafkaSettings.temporary();
        for (Map.Entry<String, String> property : secured.broker().entrySet()) {
            start = start.withProperty(property.getKey(), property.getValue());
        }
        try (KafkaBroker broker = KafkaBroker.start(start)) {
            KafkaSettings settings = settings(broker, secured.client());
            KafkaTopics.open(
                    settings,
                    List.of(
                            new KafkaTopics.Topic(Topics.ORDERS, 1, Duration.ofHours(1)),
                            new KafkaTopics.Topic(Topics.REPORTS, 1, Duration.ofHours(1))),
                    Reachability.within(Duration.ofMinutes(5))).close();
            try (ReportSender reports =
                    new ReportSender(settings, HOST, () -> Optional.of(KEY), InstantSource.system(), new HostTrail(Tracing.off()));
                    KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings.consumer("readers"))) {
                reports.publish(
                        new Report(
                                ReplicaId.mint(Instant.now(), RandomGenerator.getDefault()),
                                HOST,
                                StoreId.parse("0190a000-0000-7000-8000-000000000001"),
                                Report.Result.DELETED,
                                null,
                                null,
                                4096));
                TopicPartition partition = new TopicPartition(Topics.REPORTS, 0);
                consumer.assign(List.of(partition));
                consumer.seekToBeginning(List.of(partition));
                assertThat(consumer.poll(Duration.ofMinutes(5)).records(partition)).hasSize(1);
            }
            try (KafkaReach stranger = new KafkaReach(settings(broker, secured.withPassword(directory, "another-canary")))) {
                assertThatThrownBy(() -> stranger.check(OptionalInt.of(0))).hasMessageContainingAll("Kafka at ", "authentication failed: ")
                        .message()
                        .doesNotContain("canary");
            }
        }
    }
}
