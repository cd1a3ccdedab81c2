package dev.spillway.coordinator.kafka;

import dev.spillway.coordinator.Await;
import dev.spillway.coordinator.TopicReader;
import dev.spillway.coordinator.TroubledRegistry;
import dev.spillway.coordinator.Workers;
import dev.spillway.coordinator.identity.FleetSecret;
import dev.spillway.coordinator.trail.EvictionTrail;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.Order;
import dev.spillway.events.RegistryId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.codec.EventCodec;
import dev.spillway.events.codec.EventMessage;
import dev.spillway.events.codec.Topics;
import dev.spillway.events.protocol.Sender;
import dev.spillway.memoryregistry.InMemoryRegistry;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.service.Reachability;
import dev.spillway.service.kafka.KafkaSettings;
import dev.spillway.service.kafka.KafkaTopics.Copies;
import dev.spillway.service.kafka.Message;
import dev.spillway.service.kafka.MessageSender;
import dev.spillway.service.settings.HostPort;
import dev.spillway.service.tracing.Tracing;
import dev.spillway.testservers.TestKafka;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** A registry in memory and a real broker: what is due gets out, what is reported gets in, whatever happens to either. */
class RegistryOverKafkaTest {
    private static final FleetSecret SECRET = FleetSecret.random(new SecureRandom());
    private static final int ORDER_PARTITIONS = 4;
    private static final RegistryTopics TOPICS = new RegistryTopics(
            new RegistryTopics.Shape(ORDER_PARTITIONS, Duration.ofHours(1), false),
            new RegistryTopics.Shape(2, Duration.ofHours(1), false),
            new RegistryTopics.Shape(3, Duration.ofHours(1), false),
            Copies.OF_BROKERS);
    private static final RegistryRules RULES = RegistryRules.DEFAULTS
            .with(new RegistryRules.Contact(Duration.ofSeconds(5), Duration.ofSeconds(300), Duration.ofMinutes(10)))
            .with(new RegistryRules.Retry(Duration.ofMillis(300), Duration.ofSeconds(1)));

    @TempDir
    private static Path directory;
    private static TestKafka broker;

    private final RandomGenerator random = new SecureRandom();
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private KafkaSettings kafka;
    private TroubledRegistry registry;
    private Workers workers;
    private Brokers brokers;
    private MessageSender sender;

    @BeforeAll
    static void startBroker(TestInfo test) {
        broker = TestKafka.start(test.getTestClass().orElseThrow(), directory.resolve("first"));
    }

    @AfterAll
    static void closeBroker() {
        broker.close();
    }

    /** Each test begins with a broker that runs and has neither topics nor what a group has read. */
    @BeforeEach
    void start() throws Exception {
        broker.start();
        kafka = new KafkaSettings(List.of(HostPort.parse(broker.bootstrapServers())), "test", Duration.ofSeconds(4));
        try (Admin admin = Admin.create(kafka.admin())) {
            admin.deleteTopics(admin.listTopics().names().get()).all().get();
            Await.until("the topics are gone", () -> admin.listTopics().names().get().isEmpty());
        }
        Await.until("what the group has read is gone with them", () -> committed() == 0);
        registry = new TroubledRegistry(
                new InMemoryRegistry(new RegistryId(new UUID(0, 1)), ORDER_PARTITIONS + 1, RULES, InstantSource.system(), random));
        workers = new Workers(registry);
        brokers = closing(Brokers.open(kafka, TOPICS, Reachability.within(Await.HANG), random));
        sender = closing(new MessageSender(kafka));
        registry.execute(new Command.SetPolicy(new NamespaceName("vm"), 1L, null, null));
    }

    @AfterEach
    void close() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }

    private <T extends AutoCloseable> T closing(T part) {
        open.push(part);
        return part;
    }

    private void publishOrders() {
        closing(Publisher.ofOrders(registry, SECRET, brokers, sender, new EvictionTrail(Tracing.off()), metrics, random));
    }

    private void publishFacts() {
        closing(Publisher.ofFacts(registry, brokers, sender, new EvictionTrail(Tracing.off()), metrics, random));
    }

    private TopicReader reader(String topic, String schema) throws Exception {
        return closing(new TopicReader(kafka.bootstrapServers(), topic, schema));
    }

    @Test
    void anOrderGoesToThePartitionOfItsHostAndItsFactToAnyone() throws Exception {
        publishOrders();
        publishFacts();
        Sender one = workers.join("host-1");
        Sender two = workers.join("host-2");
        ReplicaId first = workers.put(one, "vm", "a");
        ReplicaId second = workers.put(two, "vm", "b");
        workers.put(one, "vm", "c");
        TopicReader orders = reader(Topics.ORDERS, "order.v1");
        TopicReader facts = reader(Topics.EVICTIONS, "eviction.v1");
        Await.until(
                "both orders are out",
                () -> orders.values(Order.class).stream().map(Order::replicaId).toList().containsAll(List.of(first, second)));
        Await.until(
                "both facts are out",
                () -> facts.values(EvictionFact.class).stream().map(fact -> fact.key().value()).toList().containsAll(List.of("a", "b")));
        orders.records().forEach(record -> {
            Order order = TopicReader.read(Order.class, record);
            assertThat(record.partition()).isEqualTo(order.hostId().equals(one.hostId()) ? 0 : 1);
            assertThat(record.key()).asString(StandardCharsets.UTF_8).isEqualTo(order.hostId().value());
            Map<String, String> headers = EventMessages.headers(Message.of(record));
            assertThat(SECRET.keyOf(order.hostId()).proves(headers, record.value())).isTrue();
            assertThat(SECRET.keyOf(new HostId("host-3")).proves(headers, record.value())).isFalse();
        });
        facts.records().forEach(record -> assertThat(record.key()).asString(StandardCharsets.UTF_8).isEqualTo("vm"));
        assertThat(metrics.get("spillway.orders.published").counter().count()).isGreaterThanOrEqualTo(2);
    }

    @Test
    void anUnconfirmedOrderIsPublishedAgainAndAPublishedFactIsNot() throws Exception {
        publishOrders();
        publishFacts();
        Sender one = workers.join("host-1");
        workers.put(one, "vm", "a");
        workers.put(one, "vm", "b");
        TopicReader orders = reader(Topics.ORDERS, "order.v1");
        TopicReader facts = reader(Topics.EVICTIONS, "eviction.v1");
        Await.until(
                "the order was published three times",
                () -> orders.values(Order.class).stream().map(Order::attempt).toList().containsAll(List.of(1, 2, 3)));
        assertThat(facts.values(EvictionFact.class)).hasSize(1);
    }

    @Test
    void aReportClosesItsOrder() throws Exception {
        takeReports();
        Sender one = workers.join("host-1");
        List<Report> reports = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            reports.add(Workers.deleted(one, workers.put(one, "vm", "k" + i)));
        }
        reports.removeLast();
        assertThat(registry.queries().openOrders().count()).isEqualTo(49);
        send(reports);
        send(reports);
        Await.until("all orders are closed", () -> registry.queries().openOrders().count() == 0);
    }

    @Test
    void reportsWaitForTheRegistryAndTheirOffsetsDoNotMove() throws Exception {
        Sender one = workers.join("host-1");
        ReplicaId evicted = workers.put(one, "vm", "a");
        workers.put(one, "vm", "b");
        registry.now(TroubledRegistry.Trouble.UNAVAILABLE);
        takeReports();
        send(List.of(Workers.deleted(one, evicted)));
        Await.until("the report was tried again and again", () -> registry.refusals() > 2);
        assertThat(committed()).isZero();
        registry.now(TroubledRegistry.Trouble.NONE);
        Await.until("the order is closed", () -> registry.queries().openOrders().count() == 0);
        Await.until("the offset has moved", () -> committed() == 1);
    }

    @Test
    void aReportThatNobodyCanReadIsCountedAndPassedOver() throws Exception {
        takeReports();
        Sender one = workers.join("host-1");
        ReplicaId evicted = workers.put(one, "vm", "a");
        workers.put(one, "vm", "b");
        EventMessage rubbish = new EventMessage(new TreeMap<>(Map.of("ce_type", "dev.spillway.report.v9")), "rubbish");
        sender.send(EventMessages.message(Topics.REPORTS, OptionalInt.of(0), "host-1", rubbish.provenBy(SECRET.keyOf(one.hostId())))).get();
        sender.send(
                EventMessages.message(
                        Topics.REPORTS,
                        OptionalInt.of(0),
                        "host-1",
                        new EventMessage(new TreeMap<>(Map.of("ce_type", "dev.spillway.report.v1")), "{}")
                                .provenBy(SECRET.keyOf(one.hostId()))))
                .get();
        sender.send(report(Workers.deleted(one, evicted), OptionalInt.of(0))).get();
        Await.until("the order is closed", () -> registry.queries().openOrders().count() == 0);
        assertThat(metrics.get("spillway.reports.unreadable").counter().count()).isEqualTo(2);
        Await.until("all offsets have moved", () -> committed() == 3);
    }

    @Test
    void aReportThatItsHostDidNotWriteIsCountedAndChangesNothing() throws Exception {
        takeReports();
        Sender one = workers.join("host-1");
        Sender two = workers.join("host-2");
        ReplicaId first = workers.put(one, "vm", "a");
        ReplicaId second = workers.put(two, "vm", "b");
        workers.put(one, "vm", "c");
        EventMessage ofTwo = new EventCodec("/test").encode(Workers.deleted(two, second), Instant.now());
        EventMessage byOne = ofTwo.provenBy(SECRET.keyOf(one.hostId()));
        List<Message> forged = new ArrayList<>(
                List.of(
                        onReports("host-2", byOne),
                        onReports("host-1", byOne),
                        onReports("host-2", ofTwo),
                        onReports("no host", byOne),
                        onReports("host-2", ofTwo.provenBy(FleetSecret.random(new SecureRandom()).keyOf(two.hostId()))),
                        onReports(
                                "host-2",
                                new EventMessage(
                                        ofTwo.provenBy(SECRET.keyOf(two.hostId())).headers(),
                                        ofTwo.json().replace("DELETED", "ABSENT")))));
        forged.add(new Message(Topics.REPORTS, OptionalInt.of(0), null, onReports("host-2", byOne).headers(), new byte[0]));
        for (Message each : forged) {
            sender.send(each).get();
        }
        sender.send(report(Workers.deleted(one, first), OptionalInt.of(0))).get();
        Await.until("the report of the host itself is taken", () -> registry.queries().openOrders().count() == 1);
        assertThat(metrics.get("spillway.reports.unproven").counter().count()).isEqualTo(forged.size());
        assertThat(metrics.get("spillway.reports.taken").counter().count()).isEqualTo(1);
        assertThat(workers.orders(two)).as("still open")
                .singleElement()
                .satisfies(order -> assertThat(order.replicaId()).isEqualTo(second));
        Await.until("all offsets have moved", () -> committed() == forged.size() + 1);
    }

    private static Message onReports(String key, EventMessage event) {
        return EventMessages.message(Topics.REPORTS, OptionalInt.of(0), key, event);
    }

    @Test
    void whatOneCoordinatorLeavesAnotherTakes() throws Exception {
        ReportConsumer first = ReportConsumer.start(registry, SECRET, kafka, new EvictionTrail(Tracing.off()), metrics, random);
        Sender one = workers.join("host-1");
        ReplicaId evicted = workers.put(one, "vm", "a");
        ReplicaId later = workers.put(one, "vm", "b");
        send(List.of(Workers.deleted(one, evicted)));
        Await.until("the first order is closed", () -> registry.queries().openOrders().count() == 0);
        first.close();
        workers.put(one, "vm", "c");
        send(List.of(Workers.deleted(one, later)));
        assertThat(registry.queries().openOrders().count()).isEqualTo(1);
        takeReports();
        Await.until("the second order is closed", () -> registry.queries().openOrders().count() == 0);
    }

    @Tag("full")
    @Test
    void withoutKafkaNothingIsClaimedAndHeartbeatsCarryTheOrders() throws Exception {
        publishOrders();
        publishFacts();
        Sender one = workers.join("host-1");
        ReplicaId evicted = workers.put(one, "vm", "a");
        broker.stop();
        Await.until("Kafka is missed", () -> !brokers.isReachable());
        workers.put(one, "vm", "b");
        List<Order> carried = workers.orders(one);
        assertThat(carried).singleElement().satisfies(order -> {
            assertThat(order.replicaId()).isEqualTo(evicted);
            assertThat(order.attempt()).isEqualTo(1);
        });
        broker.start();
        TopicReader facts = reader(Topics.EVICTIONS, "eviction.v1");
        Await.until(
                "the fact is out after all",
                () -> facts.values(EvictionFact.class).stream().anyMatch(fact -> fact.key().value().equals("a")));
        TopicReader orders = reader(Topics.ORDERS, "order.v1");
        Await.until("the order is out too", () -> orders.values(Order.class).stream().anyMatch(order -> order.replicaId().equals(evicted)));
    }

    @Test
    void whatWasClaimedWhenKafkaWentIsGivenBack() throws Exception {
        publishOrders();
        publishFacts();
        Sender one = workers.join("host-1");
        ReplicaId evicted = workers.put(one, "vm", "a");
        broker.stop();
        workers.put(one, "vm", "b");
        Await.until(
                "a heartbeat carries the order",
                () -> workers.orders(one).stream().anyMatch(order -> order.replicaId().equals(evicted)));
        broker.start();
        TopicReader facts = reader(Topics.EVICTIONS, "eviction.v1");
        Await.until("the fact is not lost", () -> !facts.values(EvictionFact.class).isEmpty());
    }

    @Test
    void aBrokerThatComesBackEmptyGetsItsTopicsAgain() throws Exception {
        publishFacts();
        takeReports();
        Sender one = workers.join("host-1");
        ReplicaId evicted = workers.put(one, "vm", "a");
        broker.close();
        Await.until("Kafka is missed", () -> !brokers.isReachable());
        broker = TestKafka.start(getClass(), directory.resolve("second"), port());
        Await.until("Kafka is back", () -> brokers.isReachable());
        workers.put(one, "vm", "b");
        TopicReader facts = reader(Topics.EVICTIONS, "eviction.v1");
        Await.until("the fact is out", () -> !facts.values(EvictionFact.class).isEmpty());
        send(List.of(Workers.deleted(one, evicted)));
        Await.until("reports are taken again", () -> registry.queries().openOrders().count() == 0);
        try (Admin admin = Admin.create(kafka.admin())) {
            Map<String, Integer> partitions = new TreeMap<>();
            admin.describeTopics(List.of(Topics.ORDERS, Topics.EVICTIONS, Topics.REPORTS))
                    .allTopicNames()
                    .get()
                    .forEach((name, topic) -> partitions.put(name, topic.partitions().size()));
            assertThat(partitions).isEqualTo(Map.of(Topics.ORDERS, 4, Topics.EVICTIONS, 2, Topics.REPORTS, 3));
        }
    }

    @Test
    void aTopicThatWasDeletedIsMadeAgain() throws Exception {
        publishOrders();
        Sender one = workers.join("host-1");
        workers.put(one, "vm", "a");
        ReplicaId evicted = workers.put(one, "vm", "b");
        Await.until("orders flow", () -> metrics.get("spillway.orders.published").counter().count() > 0);
        try (Admin admin = Admin.create(kafka.admin())) {
            admin.deleteTopics(List.of(Topics.ORDERS)).all().get();
        }
        workers.put(one, "vm", "c");
        TopicReader orders = reader(Topics.ORDERS, "order.v1");
        Await.until("orders flow again", () -> orders.values(Order.class).stream().anyMatch(order -> order.replicaId().equals(evicted)));
    }

    @Test
    void anOrderWithoutAPartitionDoesNotKeepTheOthersBack() throws Exception {
        List<Sender> hosts = new ArrayList<>();
        List<ReplicaId> evicted = new ArrayList<>();
        for (int i = 0; i <= ORDER_PARTITIONS; i++) {
            hosts.add(workers.join("host-" + i));
            evicted.add(workers.put(hosts.getLast(), "vm", "k" + i));
        }
        workers.put(hosts.getFirst(), "vm", "last");
        publishOrders();
        TopicReader orders = reader(Topics.ORDERS, "order.v1");
        Await.until(
                "all that have a partition are out",
                () -> orders.values(Order.class)
                        .stream()
                        .map(Order::replicaId)
                        .toList()
                        .containsAll(evicted.subList(0, ORDER_PARTITIONS)));
        Await.until(
                "a heartbeat carries the other one",
                () -> workers.orders(hosts.getLast()).stream().anyMatch(order -> order.replicaId().equals(evicted.getLast())));
        assertThat(orders.values(Order.class)).noneMatch(order -> order.replicaId().equals(evicted.getLast()));
    }

    @Tag("full")
    @Test
    void closingWithoutKafkaTakesNotForEver() throws Exception {
        publishOrders();
        publishFacts();
        takeReports();
        Sender one = workers.join("host-1");
        workers.put(one, "vm", "a");
        broker.stop();
        workers.put(one, "vm", "b");
        long began = System.nanoTime();
        while (!open.isEmpty()) {
            open.pop().close();
        }
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Await.HANG);
    }

    private void takeReports() {
        closing(ReportConsumer.start(registry, SECRET, kafka, new EvictionTrail(Tracing.off()), metrics, random));
    }

    private int port() {
        return kafka.servers().getFirst().port();
    }

    private void send(List<Report> reports) throws Exception {
        for (Report report : reports) {
            sender.send(report(report, OptionalInt.empty())).get();
        }
    }

    private static Message report(Report report, OptionalInt partition) {
        return EventMessages.message(
                Topics.REPORTS,
                partition,
                report.hostId().value(),
                new EventCodec("/test").encode(report, Instant.now()).provenBy(SECRET.keyOf(report.hostId())));
    }

    /** Returns the number of reports whose offsets the group has committed. */
    private long committed() throws Exception {
        try (Admin admin = Admin.create(kafka.admin())) {
            return admin.listConsumerGroupOffsets(ReportConsumer.GROUP)
                    .partitionsToOffsetAndMetadata()
                    .get()
                    .values()
                    .stream()
                    .mapToLong(offset -> offset == null ? 0 : offset.offset())
                    .sum();
        }
    }
}
