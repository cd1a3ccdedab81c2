package dev.spillway.coordinator.app;

import dev.spillway.api.body.Entries;
import dev.spillway.coordinator.Await;
import dev.spillway.coordinator.TopicReader;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.codec.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.server.policy.AlterConfigPolicy;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Topics that somebody made before the coordinator, or changed under it. */
@Timeout(240)
@Tag("full")
class TopicsOfOthersTest {
    private static final List<String> ALL = List.of(Topics.EVICTIONS, Topics.ORDERS, Topics.REPORTS);

    @TempDir
    static Path directory;

    private static CoordinatorServers servers;
    private static Admin admin;

    /** The rule of whoever runs the brokers: topics are not to be changed, while it is in force. */
    public static final class Frozen implements AlterConfigPolicy {
        static volatile boolean inForce;

        @Override
        public void validate(RequestMetadata request) {
            if (inForce) {
                throw new PolicyViolationException("topics are frozen");
            }
        }

        @Override
        public void configure(Map<String, ?> configs) {}

        @Override
        public void close() {}
    }

    @BeforeAll
    static void start() {
        servers = new CoordinatorServers(directory, Map.of("alter.config.policy.class.name", Frozen.class.getName()));
        admin = Admin.create(Map.of("bootstrap.servers", servers.kafka()));
    }

    @AfterAll
    static void stop() {
        admin.close();
        servers.close();
    }

    @BeforeEach
    void withoutTopics() throws Exception {
        Frozen.inForce = false;
        delete(ALL);
    }

    private static void delete(List<String> topics) throws Exception {
        for (String topic : topics) {
            try {
                admin.deleteTopics(List.of(topic)).all().get();
            } catch (ExecutionException e) {
                assertThat(e).hasCauseInstanceOf(UnknownTopicOrPartitionException.class);
            }
        }
        Await.until("the topics are gone", () -> admin.listTopics().names().get().stream().noneMatch(topics::contains));
    }

    private static void make(String topic, int partitions, Map<String, String> configuration) throws Exception {
        admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1).configs(configuration))).all().get();
        Await.until(topic + " is there", () -> admin.listTopics().names().get().contains(topic));
    }

    private static void set(String topic, String name, String value) throws Exception {
        admin.incrementalAlterConfigs(
                Map.of(
                        new ConfigResource(ConfigResource.Type.TOPIC, topic),
                        Set.of(new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET))))
                .all()
                .get();
    }

    private static String setting(String topic, String name) throws Exception {
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        return admin.describeConfigs(List.of(resource)).values().values().iterator().next().get().get(name).value();
    }

    private static int partitions(String topic) throws Exception {
        return admin.describeTopics(List.of(topic)).topicNameValues().values().iterator().next().get().partitions().size();
    }

    private static CoordinatorClient evicting(Coordinator coordinator) throws Exception {
        CoordinatorClient client = new CoordinatorClient(coordinator.address());
        client.namespace(1);
        client.put("a", Entries.Stored.class);
        assertThat(client.put("b", Entries.Stored.class).evicted()).hasSize(1);
        return client;
    }

    private static List<ConsumerRecord<byte[], byte[]>> awaitFact(CoordinatorClient client) throws Exception {
        try (var facts = new TopicReader(servers.kafka(), Topics.EVICTIONS, "eviction.v1")) {
            Await.until(
                    "the fact is out",
                    () -> facts.values(EvictionFact.class).stream().anyMatch(fact -> fact.namespace().value().equals(client.namespace)));
            return facts.records();
        }
    }

    @Test
    void factsArePublishedAlsoWhereProducersClocksAreHeldToAMillisecond() throws Exception {
        make(Topics.EVICTIONS, 1, Map.of("message.timestamp.before.max.ms", "1"));
        try (Coordinator coordinator = servers.coordinator()) {
            CoordinatorClient client = evicting(coordinator);
            assertThat(awaitFact(client)).allMatch(record -> record.timestampType() == TimestampType.LOG_APPEND_TIME);
            assertThat(client.unready()).isEmpty();
        }
    }

    @Test
    void aProducersClockDecidesNeitherWhetherAMessageIsTakenNorForHowLongItIsKept() throws Exception {
        try (Coordinator coordinator = servers.coordinator();
                var producer = new KafkaProducer<>(
                        Map.of("bootstrap.servers", servers.kafka()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            assertThat(new CoordinatorClient(coordinator.address()).unready()).isEmpty();
            for (String topic : ALL) {
                for (Duration ahead : List.of(Duration.ofHours(2), Duration.ofDays(-400))) {
                    long stored = producer
                            .send(new ProducerRecord<>(topic, 0, Instant.now().plus(ahead).toEpochMilli(), new byte[0], new byte[0]))
                            .get(30, TimeUnit.SECONDS)
                            .timestamp();
                    assertThat(Instant.ofEpochMilli(stored)).as("%s by a clock that is %s ahead", topic, ahead)
                            .isBetween(Instant.now().minusSeconds(60), Instant.now().plusSeconds(60));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"compact", "compact,delete", "delete,compact"})
    void aTopicThatIsCompactedIsNoLonger(String policy) throws Exception {
        for (String topic : ALL) {
            make(topic, 2, Map.of("cleanup.policy", policy));
        }
        try (Coordinator coordinator = servers.coordinator()) {
            for (String topic : ALL) {
                assertThat(setting(topic, "cleanup.policy")).as(topic).isEqualTo("delete");
            }
            assertThat(new CoordinatorClient(coordinator.address()).unready()).isEmpty();
        }
    }

    @Test
    void whatBoundsATopicTooNarrowlyIsLiftedAndWhatElseIsSetStays() throws Exception {
        make(
                Topics.EVICTIONS,
                1,
                Map.of(
                        "retention.bytes",
                        "1000000",
                        "max.message.bytes",
                        "10000",
                        "retention.ms",
                        "60000",
                        "segment.bytes",
                        "2000000",
                        "min.insync.replicas",
                        "1"));
        try (Coordinator coordinator = servers.coordinator()) {
            assertThat(setting(Topics.EVICTIONS, "retention.bytes")).isEqualTo("-1");
            assertThat(setting(Topics.EVICTIONS, "max.message.bytes")).isEqualTo("1048588");
            assertThat(setting(Topics.EVICTIONS, "retention.ms")).isEqualTo(Long.toString(Duration.ofDays(7).toMillis()));
            assertThat(setting(Topics.EVICTIONS, "segment.bytes")).isEqualTo("2000000");
            assertThat(partitions(Topics.EVICTIONS)).isOne();
            assertThat(new CoordinatorClient(coordinator.address()).unready()).isEmpty();
        }
    }

    @Test
    void aRetentionThatIsGivenTakesEffectAndOneThatIsNotShortensNothing() throws Exception {
        Map<String, String> expected = new TreeMap<>();
        make(Topics.EVICTIONS, 1, Map.of("retention.ms", Long.toString(Duration.ofDays(30).toMillis())));
        for (String given : List.of("", "10d", "40d", "1d")) {
            try (Coordinator coordinator =
                    Coordinator.start(servers.settings(given.isEmpty() ? Map.of() : Map.of("evictions-retention", given)))) {
                assertThat(new CoordinatorClient(coordinator.address()).unready()).isEmpty();
                expected.put(given, setting(Topics.EVICTIONS, "retention.ms"));
            }
        }
        assertThat(expected).isEqualTo(Map.of("", days(30), "10d", days(10), "40d", days(40), "1d", days(1)));
    }

    private static String days(int days) {
        return Long.toString(Duration.ofDays(days).toMillis());
    }

    @Test
    void whatMayNotBeCorrectedIsNamedWithItsValueUntilItMay() throws Exception {
        servers.coordinator().close();
        set(Topics.EVICTIONS, "cleanup.policy", "compact");
        Frozen.inForce = true;
        try (Coordinator coordinator = servers.coordinator()) {
            CoordinatorClient client = new CoordinatorClient(coordinator.address());
            assertThat(client.unready()).containsExactly("kafka");
            assertThat(client.request("GET", "/readyz", "").body()).contains(
                    "topic spillway.evictions: cleanup.policy: compact (expected: delete); not corrected: topics are frozen");
            Frozen.inForce = false;
            Await.until("it is corrected by itself", () -> client.unready().isEmpty());
            assertThat(setting(Topics.EVICTIONS, "cleanup.policy")).isEqualTo("delete");
        }
    }

    @Test
    void fewerCopiesOrPartitionsThanAskedForAreRemarkedAndTooFewToAcknowledgeAreNotReady() throws Exception {
        make(Topics.ORDERS, 1, Map.of());
        try (Coordinator coordinator = Coordinator.start(servers.settings(Map.of("topics-replication-factor", "1")))) {
            CoordinatorClient client = new CoordinatorClient(coordinator.address());
            assertThat(client.unready()).isEmpty();
            assertThat(client.request("GET", "/readyz", "").body())
                    .contains("\"remark\":\"topic spillway.orders: partitions: 1 (expected: 4, as a new topic would have)\"");
        }
        try (Coordinator coordinator = Coordinator.start(servers.settings(Map.of("topics-min-insync-replicas", "2")))) {
            CoordinatorClient client = new CoordinatorClient(coordinator.address());
            assertThat(client.unready()).contains("kafka");
            assertThat(client.request("GET", "/readyz", "").body())
                    .contains(
                            "topic spillway.reports: min.insync.replicas: 1 (expected: 2 or more); not corrected: the topic has too few copies, 1");
            assertThat(setting(Topics.ORDERS, "min.insync.replicas")).isEqualTo("1");
        }
    }

    @Test
    void aTopicThatIsChangedOrMadeAnewUnderTheCoordinatorIsSetRight() throws Exception {
        try (Coordinator coordinator = servers.coordinator()) {
            set(Topics.EVICTIONS, "cleanup.policy", "compact");
            set(Topics.REPORTS, "retention.ms", "1000");
            Await.until(
                    "both are set right",
                    () -> setting(Topics.EVICTIONS, "cleanup.policy").equals("delete")
                            && setting(Topics.REPORTS, "retention.ms").equals(days(1)));
            int before = partitions(Topics.ORDERS);
            delete(List.of(Topics.ORDERS, Topics.EVICTIONS));
            make(Topics.ORDERS, 1, Map.of());
            Await.until(
                    "each host has its partition again",
                    () -> admin.listTopics().names().get().containsAll(ALL) && partitions(Topics.ORDERS) == before
                            && setting(Topics.ORDERS, "message.timestamp.type").equals("LogAppendTime"));
            awaitFact(evicting(coordinator));
            Await.until("all is ready", () -> new CoordinatorClient(coordinator.address()).unready().isEmpty());
        }
    }
}
