package dev.spillway.worker.kafka;

import dev.spillway.events.EntryKey;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.Order;
import dev.spillway.events.OrderCause;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.StoreId;
import dev.spillway.events.codec.EventCodec;
import dev.spillway.events.codec.EventMessage;
import dev.spillway.events.codec.MessageKey;
import dev.spillway.events.codec.Topics;
import dev.spillway.service.Backoff;
import dev.spillway.service.Reachability;
import dev.spillway.service.kafka.KafkaSettings;
import dev.spillway.service.kafka.KafkaTopics;
import dev.spillway.service.kafka.Message;
import dev.spillway.service.kafka.MessageSender;
import dev.spillway.service.settings.HostPort;
import dev.spillway.service.tracing.Tracing;
import dev.spillway.testservers.TestKafka;
import dev.spillway.worker.core.model.OrderPosition;
import dev.spillway.worker.trail.HostTrail;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;

/** Tests the reader of orders and the sender of reports against a real broker. */
class OrdersOverKafkaTest {
    private static final HostId HOST = new HostId("host-1");
    private static final MessageKey KEY = MessageKey.of(new byte[MessageKey.BYTES], HOST);
    private static final StoreId STORE = StoreId.parse("0190a000-0000-7000-8000-000000000001");
    private static final EventCodec CODEC = new EventCodec("/spillway/test");
    private static final Backoff QUICK = new Backoff(Duration.ofMillis(10), Duration.ofMillis(100));
    private static final int PARTITIONS = 8;

    private static TestKafka broker;
    private static KafkaSettings settings;
    private static MessageSender sender;
    /** Started before the broker. */
    private static OrderReader early;
    private static final Heard EARLY = new Heard(new LinkedBlockingQueue<>());

    /** A call of a sink. */
    private sealed interface Told {
        record Ordered(Order order, OrderPosition read) implements Told {}

        record Passed(OrderPosition read, @Nullable ReplicaId notUnderstood) implements Told {}

        record Missed() implements Told {}
    }

    private record Heard(BlockingQueue<Told> queue) implements OrderReader.Sink {
        @Override
        public void ordered(Order order, OrderPosition read) throws InterruptedException {
            queue.put(new Told.Ordered(order, read));
        }

        @Override
        public void passedOver(OrderPosition read, @Nullable ReplicaId notUnderstood, String why) throws InterruptedException {
            queue.put(new Told.Passed(read, notUnderstood));
        }

        @Override
        public void missed() throws InterruptedException {
            queue.put(new Told.Missed());
        }

        @Nullable
        Told next() throws InterruptedException {
            return queue.poll(5, MINUTES);
        }
    }

    @BeforeAll
    static void start(TestInfo test, @TempDir Path directory) throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        settings = new KafkaSettings(List.of(new HostPort("127.0.0.1", port)), "test", Duration.ofSeconds(10));
        early = reader(EARLY);
        early.follow(0, -1);
        broker = TestKafka.start(test.getTestClass().orElseThrow(), directory, port);
        KafkaTopics.open(
                settings,
                List.of(
                        new KafkaTopics.Topic(Topics.ORDERS, PARTITIONS, Duration.ofHours(1)),
                        new KafkaTopics.Topic(Topics.REPORTS, 1, Duration.ofHours(1))),
                Reachability.within(Duration.ofMinutes(5))).close();
        sender = new MessageSender(settings);
    }

    @AfterAll
    static void stop() {
        early.close();
        sender.close();
        broker.close();
    }

    private static OrderReader reader(Heard heard) {
        return reader(() -> Optional.of(KEY), heard);
    }

    private static OrderReader reader(Supplier<Optional<MessageKey>> key, Heard heard) {
        return new OrderReader(settings, HOST, STORE, key, heard, QUICK, new HostTrail(Tracing.off()), new SimpleMeterRegistry());
    }

    private static Order order(HostId host, StoreId store) {
        return new Order(
                ReplicaId.mint(Instant.now(), RandomGenerator.getDefault()),
                host,
                store,
                new NamespaceName("images"),
                new EntryKey("k"),
                3,
                null,
                OrderCause.ORPHAN,
                1,
                Instant.parse("2026-03-01T10:00:00Z"));
    }

    private static long send(int partition, Order order) throws Exception {
        return send(partition, order.hostId().value(), CODEC.encode(order).provenBy(KEY));
    }

    private static long send(int partition, @Nullable String key, EventMessage event) throws Exception {
        Map<String, byte[]> headers = new HashMap<>();
        event.headers().forEach((name, value) -> headers.put(name, value.getBytes(StandardCharsets.UTF_8)));
        return sender.send(
                new Message(Topics.ORDERS, OptionalInt.of(partition), key, headers, event.json().getBytes(StandardCharsets.UTF_8))).get();
    }

    @Test
    void aReaderThatStartedBeforeKafkaReadsWhenItIsThere() throws Exception {
        Order order = order(HOST, STORE);
        assertThat(send(0, order)).isZero();
        assertThat(EARLY.next()).isEqualTo(new Told.Ordered(order, new OrderPosition(0, 1)));
    }

    @Test
    void ownOrdersArriveInOrderWithTheirPositionsAndThoseOfOthersArePassedOver() throws Exception {
        Order first = order(HOST, STORE);
        Order second = order(HOST, STORE);
        send(1, order(new HostId("host-2"), STORE));
        send(1, first);
        send(1, order(HOST, StoreId.parse("0190a000-0000-7000-8000-000000000002")));
        send(1, order(new HostId("host-3"), STORE));
        send(1, second);
        send(1, order(new HostId("host-2"), STORE));
        Heard heard = new Heard(new LinkedBlockingQueue<>());
        try (OrderReader reader = reader(heard)) {
            reader.follow(1, -1);
            assertThat(heard.next()).isEqualTo(new Told.Ordered(first, new OrderPosition(1, 2)));
            assertThat(heard.next()).isEqualTo(new Told.Ordered(second, new OrderPosition(1, 5)));
            assertThat(heard.next()).as("a run of others at the end, told now and then")
                    .isEqualTo(new Told.Passed(new OrderPosition(1, 6), null));
            assertThat(reader.orders()).isEqualTo(2);
        }
    }

    @Test
    void readingGoesOnFromThePosition() throws Exception {
        send(2, order(HOST, STORE));
        Order second = order(HOST, STORE);
        send(2, second);
        Heard heard = new Heard(new LinkedBlockingQueue<>());
        try (OrderReader reader = reader(heard)) {
            reader.follow(2, 1);
            assertThat(heard.next()).isEqualTo(new Told.Ordered(second, new OrderPosition(2, 2)));
            Order third = order(HOST, STORE);
            send(3, third);
            reader.follow(3, -1);
            assertThat(heard.next()).as("another partition from now on").isEqualTo(new Told.Ordered(third, new OrderPosition(3, 1)));
        }
    }

    @Test
    void aPositionThatKafkaDoesNotHaveIsToldAndReadingStartsWithTheOldest() throws Exception {
        Order order = order(HOST, STORE);
        send(4, order);
        Heard heard = new Heard(new LinkedBlockingQueue<>());
        try (OrderReader reader = reader(heard)) {
            reader.follow(4, 1_000);
            assertThat(heard.next()).isEqualTo(new Told.Missed());
            assertThat(heard.next()).isEqualTo(new Told.Ordered(order, new OrderPosition(4, 1)));
        }
    }

    @Test
    void anOrderThatCannotBeReadIsReportedWithItsReplicaUnlessItIsAnotherHosts() throws Exception {
        ReplicaId replica = ReplicaId.mint(Instant.now(), RandomGenerator.getDefault());
        EventMessage newer = new EventMessage(new TreeMap<>(Map.of("ce_type", "dev.spillway.order.v9", "ce_id", replica + "/1")), "x");
        send(5, "host-2", newer.provenBy(KEY));
        send(5, HOST.value(), newer.provenBy(KEY));
        send(5, HOST.value(), new EventMessage(new TreeMap<>(), "x").provenBy(KEY));
        Heard heard = new Heard(new LinkedBlockingQueue<>());
        try (OrderReader reader = reader(heard)) {
            reader.follow(5, -1);
            assertThat(heard.next()).isEqualTo(new Told.Passed(new OrderPosition(5, 2), replica));
            assertThat(heard.next()).isEqualTo(new Told.Passed(new OrderPosition(5, 3), null));
        }
    }

    @Test
    void anOrderThatNoCoordinatorWroteIsCountedAndPassedOver() throws Exception {
        EventMessage order = CODEC.encode(order(HOST, STORE));
        MessageKey ofAnother = MessageKey.of(new byte[MessageKey.BYTES], new HostId("host-2"));
        ReplicaId chosen = ReplicaId.mint(Instant.now(), RandomGenerator.getDefault());
        EventMessage moved = new EventMessage(order.provenBy(KEY).headers(), CODEC.encode(order(HOST, STORE)).json());
        SortedMap<String, String> renamed = new TreeMap<>(order.provenBy(KEY).headers());
        renamed.put("ce_id", chosen + "/1");
        send(7, HOST.value(), order);
        send(7, HOST.value(), order.provenBy(ofAnother));
        send(7, HOST.value(), moved);
        send(7, HOST.value(), new EventMessage(renamed, order.json()));
        send(7, null, order.provenBy(KEY));
        Order own = order(HOST, STORE);
        send(7, own);
        Heard heard = new Heard(new LinkedBlockingQueue<>());
        try (OrderReader reader = reader(heard)) {
            reader.follow(7, -1);
            assertThat(heard.next()).isEqualTo(new Told.Ordered(own, new OrderPosition(7, 6)));
            assertThat(reader.unproven()).isEqualTo(4);
            assertThat(reader.orders()).isEqualTo(1);
        }
        Heard keyless = new Heard(new LinkedBlockingQueue<>());
        try (OrderReader reader = reader(Optional::empty, keyless)) {
            reader.follow(7, -1);
            assertThat(keyless.next()).isEqualTo(new Told.Passed(new OrderPosition(7, 6), null));
            assertThat(reader.unproven()).isEqualTo(5);
        }
    }

    @Test
    void aReaderWaitsForItsSink() throws Exception {
        for (int number = 0; number < 3; number++) {
            send(6, order(HOST, STORE));
        }
        Heard heard = new Heard(new SynchronousQueue<>());
        try (OrderReader reader = reader(heard)) {
            reader.follow(6, -1);
            assertThat(heard.next()).isInstanceOf(Told.Ordered.class);
            assertThat(reader.orders()).as("one was handed over, at most one more waits for a taker").isLessThanOrEqualTo(2);
            assertThat(heard.next()).isInstanceOf(Told.Ordered.class);
        }
    }

    @Test
    void reportsAreKeyedByTheirHost() throws Exception {
        Report report = new Report(
                ReplicaId.mint(Instant.now(), RandomGenerator.getDefault()),
                HOST,
                STORE,
                Report.Result.DELETED,
                null,
                null,
                4096);
        try (ReportSender reports =
                new ReportSender(settings, HOST, () -> Optional.of(KEY), InstantSource.system(), new HostTrail(Tracing.off()));
                KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings.consumer("readers"))) {
            reports.publish(report);
            TopicPartition partition = new TopicPartition(Topics.REPORTS, 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            var records = consumer.poll(Duration.ofMinutes(5)).records(partition);
            assertThat(records).hasSize(1);
            Message message = Message.of(records.getFirst());
            Map<String, String> headers = new HashMap<>();
            message.headers().forEach((name, value) -> headers.put(name, new String(value, StandardCharsets.UTF_8)));
            assertThat(message.key()).isEqualTo("host-1");
            assertThat(CODEC.decode(Report.class, headers, message.value())).isEqualTo(report);
            assertThat(KEY.proves(headers, message.value())).isTrue();
        }
    }
}
