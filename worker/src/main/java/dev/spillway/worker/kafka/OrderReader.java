package dev.spillway.worker.kafka;

import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.Order;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.StoreId;
import dev.spillway.events.codec.EventCodec;
import dev.spillway.events.codec.EventMessage;
import dev.spillway.events.codec.MessageKey;
import dev.spillway.events.codec.Topics;
import dev.spillway.events.codec.UnreadableEventException;
import dev.spillway.service.Backoff;
import dev.spillway.service.ConnectionTrouble;
import dev.spillway.service.LastUse;
import dev.spillway.service.LogThrottle;
import dev.spillway.service.UnusableServerException;
import dev.spillway.service.kafka.ConsumerLag;
import dev.spillway.service.kafka.KafkaSettings;
import dev.spillway.service.kafka.Message;
import dev.spillway.worker.core.model.OrderPosition;
import dev.spillway.worker.trail.HostTrail;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Reads this host's partition of the orders, from the position in the host's index on, and retries while Kafka is down. It stops reading while the
 * host takes no more.
 *
 * <p>An order counts only if the host's key proves it. Any other is skipped; the heartbeat carries each real order, too.
 *
 * <p>Other hosts may share the partition, and their orders are skipped. The position moves once per run of skipped orders, and only now and then for
 * a run at the end of the partition, because each move costs a write.
 */
public final class OrderReader implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OrderReader.class);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(2);
    /** Timeout for closing a consumer whose broker may be down. */
    private static final CloseOptions CONSUMER_CLOSE = CloseOptions.timeout(Duration.ofMillis(500));
    private static final Duration PASSED_EVERY = Duration.ofSeconds(5);
    private static final Duration UNPROVEN_TOLD_EVERY = Duration.ofMinutes(1);
    private static final long OLDEST = -1;

    /** Takes the orders that are read. Each call may block until there is room. */
    public interface Sink {
        void ordered(Order order, OrderPosition read) throws InterruptedException;

        void passedOver(OrderPosition read, @Nullable ReplicaId notUnderstood, String why) throws InterruptedException;

        /** Notes that orders may have been missed, because Kafka no longer has the next record. */
        void missed() throws InterruptedException;
    }

    private record Target(int partition, long nextOffset) {}

    private final KafkaSettings settings;
    private final HostId host;
    private final StoreId store;
    private final Supplier<Optional<MessageKey>> key;
    private final Sink sink;
    private final Backoff backoff;
    private final HostTrail trail;
    private final MeterRegistry metrics;
    private final EventCodec codec;
    private final BlockingQueue<Target> targets = new LinkedBlockingQueue<>();
    private final LongAdder read = new LongAdder();
    private final LongAdder unproven = new LongAdder();
    private final LogThrottle unprovenTold = new LogThrottle(UNPROVEN_TOLD_EVERY);
    private final LastUse uses = new LastUse();
    private final Thread thread;
    private volatile boolean closed;
    private volatile @Nullable KafkaConsumer<byte[], byte[]> consumer;
    private volatile OptionalInt followed = OptionalInt.empty();
    /** Set while a consumer closes, which must not be interrupted: it would log an error. Guarded by this. */
    private boolean closingConsumer;
    /** Offset to read next. This and the next two fields are used by the reader's thread alone. */
    private long next = OLDEST;
    private long passed = OLDEST;
    private long passedAt = System.nanoTime();

    /**
     * Starts the thread, which waits for a partition to follow.
     *
     * @param key the host's own; while there is none, no order counts
     */
    public OrderReader(
            KafkaSettings settings,
            HostId host,
            StoreId store,
            Supplier<Optional<MessageKey>> key,
            Sink sink,
            Backoff backoff,
            HostTrail trail,
            MeterRegistry metrics) {
        this.settings = settings;
        this.host = host;
        this.store = store;
        this.key = key;
        this.sink = sink;
        this.backoff = backoff;
        this.trail = trail;
        this.metrics = metrics;
        this.codec = new EventCodec("/spillway/worker/" + host);
        this.thread = Thread.ofPlatform().daemon().name("orders-" + host).unstarted(this::run);
        thread.start();
    }

    /**
     * Reads this partition from now on, instead of any other; never blocks.
     *
     * @param nextOffset first offset to read, or -1 for the oldest that is kept
     */
    public void follow(int partition, long nextOffset) {
        followed = OptionalInt.of(partition);
        targets.add(new Target(partition, nextOffset));
        wake();
    }

    /** Returns the partition that is followed; empty until the registry has given one. */
    public OptionalInt followed() {
        return followed;
    }

    /** Throws if reading has failed repeatedly. */
    public void requireWorking() throws UnusableServerException {
        uses.requireWorking();
    }

    /** Returns the number of this host's orders that were read. */
    public long orders() {
        return read.sum();
    }

    /** Returns the number of messages for this host that were skipped because its key does not prove them. */
    public long unproven() {
        return unproven.sum();
    }

    private void wake() {
        KafkaConsumer<byte[], byte[]> current = consumer;
        if (current != null) {
            current.wakeup();
        }
    }

    private void run() {
        try {
            Target target = targets.take();
            for (int failed = 0; !closed;) {
                try {
                    target = read(target);
                    failed = 0;
                } catch (InterruptException e) {
                    LOG.debug("reading orders ends: {}", e.toString());
                    return;
                } catch (RuntimeException | LinkageError e) {
                    // On any error the thread goes on, because nobody else reads the orders.
                    failed++;
                    uses.failed("orders are not read: " + ConnectionTrouble.inWords(e));
                    Duration delay = backoff.delay(failed, RandomGenerator.getDefault());
                    LOG.atLevel(failed == 1 ? Level.WARN : Level.DEBUG)
                            .log("orders of partition {} are not read, attempt {}: {}", target.partition(), failed, e.getMessage());
                    Target other = targets.poll(delay.toMillis(), TimeUnit.MILLISECONDS);
                    target = other == null ? new Target(target.partition(), next) : other;
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("reading orders ends: {}", e.toString());
        }
    }

    /** Reads until another partition is to be followed, or the reader is closed. */
    private Target read(Target target) throws InterruptedException {
        Map<String, Object> properties = new HashMap<>(settings.consumer("none"));
        properties.remove(ConsumerConfig.GROUP_ID_CONFIG);
        TopicPartition partition = new TopicPartition(Topics.ORDERS, target.partition());
        next = target.nextOffset();
        passed = OLDEST;
        KafkaConsumer<byte[], byte[]> made = new KafkaConsumer<>(properties);
        ConsumerLag lag = new ConsumerLag(made, metrics);
        try {
            consumer = made;
            made.assign(List.of(partition));
            seek(made, partition, target.nextOffset());
            while (!closed) {
                Target other = latestTarget();
                if (other != null) {
                    return other;
                }
                poll(made, partition);
            }
            return target;
        } finally {
            consumer = null;
            lag.close();
            close(made);
        }
    }

    private void close(KafkaConsumer<byte[], byte[]> made) {
        boolean interrupted;
        synchronized (this) {
            closingConsumer = true;
            interrupted = Thread.interrupted();
        }
        try {
            made.close(CONSUMER_CLOSE);
        } finally {
            synchronized (this) {
                closingConsumer = false;
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private @Nullable Target latestTarget() {
        Target latest = null;
        for (Target each = targets.poll(); each != null; each = targets.poll()) {
            latest = each;
        }
        return latest;
    }

    private static void seek(KafkaConsumer<byte[], byte[]> made, TopicPartition partition, long nextOffset) {
        if (nextOffset == OLDEST) {
            made.seekToBeginning(List.of(partition));
        } else {
            made.seek(partition, nextOffset);
        }
    }

    private void poll(KafkaConsumer<byte[], byte[]> made, TopicPartition partition) throws InterruptedException {
        try {
            ConsumerRecords<byte[], byte[]> polled = made.poll(POLL);
            uses.worked();
            for (ConsumerRecord<byte[], byte[]> record : polled.records(partition)) {
                take(record);
            }
            if (passed != OLDEST && System.nanoTime() - passedAt > PASSED_EVERY.toNanos()) {
                sink.passedOver(new OrderPosition(partition.partition(), passed), null, "");
                passed = OLDEST;
                passedAt = System.nanoTime();
            }
        } catch (WakeupException e) {
            LOG.debug("partition {}: woken", partition.partition());
        } catch (OffsetOutOfRangeException e) {
            LOG.warn(
                    "partition {}: Kafka does not have what comes next ({}), so orders may have been missed: reading from the oldest on",
                    partition.partition(),
                    e.offsetOutOfRangePartitions());
            made.seekToBeginning(List.of(partition));
            sink.missed();
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> record) throws InterruptedException {
        Message message = Message.of(record);
        OrderPosition after = new OrderPosition(record.partition(), record.offset() + 1);
        if (host.value().equals(message.key())) {
            take(record, message, after);
        } else {
            passed = after.nextOffset();
        }
        next = after.nextOffset();
    }

    /** Takes a message that is addressed to this host. */
    private void take(ConsumerRecord<byte[], byte[]> record, Message message, OrderPosition after) throws InterruptedException {
        Map<String, String> headers = new HashMap<>();
        message.headers().forEach((name, value) -> headers.put(name, new String(value, StandardCharsets.UTF_8)));
        if (key.get().filter(known -> known.proves(headers, message.value())).isEmpty()) {
            passed = after.nextOffset();
            unproven.increment();
            unprovenTold.log(
                    more -> LOG.warn(
                            "order at {}-{}@{} passed over: the key of this host does not prove it; {} more since the last such line",
                            record.topic(),
                            record.partition(),
                            record.offset(),
                            more));
            return;
        }
        try {
            Order order = codec.decode(Order.class, headers, message.value());
            if (order.hostId().equals(host) && order.storeId().equals(store)) {
                read.increment();
                passed = OLDEST;
                trail.ordered(order, headers.get(EventMessage.TRACEPARENT));
                sink.ordered(order, after);
            } else {
                passed = after.nextOffset();
            }
        } catch (UnreadableEventException e) {
            // The order is reported, so that the registry does not wait for it in vain.
            LOG.warn("order at {}: {}", after, e.getMessage());
            passed = OLDEST;
            sink.passedOver(after, replicaId(headers).orElse(null), String.valueOf(e.getMessage()));
        }
    }

    private static Optional<ReplicaId> replicaId(Map<String, String> headers) {
        String id = headers.getOrDefault("ce_id", "");
        int slash = id.indexOf('/');
        try {
            return Optional.of(ReplicaId.parse(slash < 0 ? id : id.substring(0, slash)));
        } catch (InvalidValueException e) {
            return Optional.empty();
        }
    }

    private synchronized void interrupt() {
        if (!closingConsumer) {
            thread.interrupt();
        }
    }

    /** Ends the thread. Interrupts it only if it does not end by itself, because it waits for room at its sink. */
    @Override
    public void close() {
        closed = true;
        targets.add(new Target(0, OLDEST));
        wake();
        try {
            if (!thread.join(CLOSE_WITHIN)) {
                interrupt();
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
