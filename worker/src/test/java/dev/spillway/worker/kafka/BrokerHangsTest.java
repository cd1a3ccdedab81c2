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
import dev.spillway.worker.core.model.OrderPosition;
import dev.spillway.worker.trail.HostTrail;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** A worker is stopped while its broker hangs. That is harder than a stopped broker, because no connection fails. */
@Tag("full")
class BrokerHangsTest {
    private static final HostId HOST = new HostId("host-1");
    private static final MessageKey KEY = MessageKey.of(new byte[MessageKey.BYTES], HOST);
    private static final StoreId STORE = StoreId.parse("0190a000-0000-7000-8000-000000000001");
    private static final Backoff QUICK = new Backoff(Duration.ofMillis(10), Duration.ofMillis(100));

    private static BrokerProcess broker;
    private static KafkaSettings settings;

    private final ByteArrayOutputStream log = new ByteArrayOutputStream();
    private final PrintStream before = System.err;
    private final CountDownLatch read = new CountDownLatch(1);
    private final CountDownLatch room = new CountDownLatch(1);

    /** Takes the first order, and then waits for room that may never come. */
    private final class Full implements OrderReader.Sink {
        @Override
        public void ordered(Order order, OrderPosition at) throws InterruptedException {
            read.countDown();
            room.await();
        }

        @Override
        public void passedOver(OrderPosition at, @Nullable ReplicaId notUnderstood, String why) {
            throw new AssertionError("passed over " + at + ": " + why);
        }

        @Override
        public void missed() {
            throw new AssertionError("missed orders");
        }
    }

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        broker = new BrokerProcess(folder.resolve("broker.log"));
        settings = new KafkaSettings(List.of(HostPort.parse(broker.servers())), "test", Duration.ofSeconds(10));
        KafkaTopics.open(
                settings,
                List.of(
                        new KafkaTopics.Topic(Topics.ORDERS, 1, Duration.ofHours(1)),
                        new KafkaTopics.Topic(Topics.REPORTS, 1, Duration.ofHours(1))),
                Reachability.within(Duration.ofMinutes(5))).close();
        order();
    }

    @AfterAll
    static void stop() throws Exception {
        broker.close();
    }

    @BeforeEach
    void listen() {
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void thaw() throws Exception {
        System.setErr(before);
        broker.thaw();
    }

    private static void order() throws Exception {
        Order order = new Order(
                ReplicaId.mint(Instant.now(), RandomGenerator.getDefault()),
                HOST,
                STORE,
                new NamespaceName("images"),
                new EntryKey("k"),
                3,
                null,
                OrderCause.ORPHAN,
                1,
                Instant.parse("2026-03-01T10:00:00Z"));
        EventMessage event = new EventCodec("/spillway/test").encode(order).provenBy(KEY);
        Map<String, byte[]> headers = new HashMap<>();
        event.headers().forEach((name, value) -> headers.put(name, value.getBytes(StandardCharsets.UTF_8)));
        try (MessageSender sender = new MessageSender(settings)) {
            sender.send(new Message(Topics.ORDERS, OptionalInt.of(0), HOST.value(), headers, event.json().getBytes(StandardCharsets.UTF_8)))
                    .get();
        }
    }

    @Test
    void aReaderThatWaitsForOrdersStops() throws Exception {
        room.countDown();
        stopsAfterAnOrder();
    }

    private void stopsAfterAnOrder() throws Exception {
        OrderReader reader =
                new OrderReader(
                        settings,
                        HOST,
                        STORE,
                        () -> Optional.of(KEY),
                        new Full(),
                        QUICK,
                        new HostTrail(Tracing.off()),
                        new SimpleMeterRegistry());
        reader.follow(0, -1);
        read.await();
        broker.freeze();
        stops(reader);
    }

    @Test
    void aReaderThatWaitsForItsSinkStops() throws Exception {
        stopsAfterAnOrder();
    }

    @Test
    void aSenderWithReportsThatNobodyTakesStops() throws Exception {
        broker.freeze();
        ReportSender reports =
                new ReportSender(settings, HOST, () -> Optional.of(KEY), InstantSource.system(), new HostTrail(Tracing.off()));
        for (int number = 0; number < 3; number++) {
            reports.publish(
                    new Report(
                            ReplicaId.mint(Instant.now(), RandomGenerator.getDefault()),
                            HOST,
                            STORE,
                            Report.Result.DELETED,
                            null,
                            null,
                            4096));
        }
        stops(reports);
    }

    private void stops(AutoCloseable part) throws Exception {
        FutureTask<Boolean> closing = new FutureTask<>(() -> {
            part.close();
            return true;
        });
        Thread.ofPlatform().start(closing);
        assertThat(closing.get()).isTrue();
        assertThat(log.toString(StandardCharsets.UTF_8).lines().filter(line -> line.contains(" ERROR ") || line.startsWith("\tat ")))
                .isEmpty();
    }
}
