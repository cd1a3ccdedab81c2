package dev.spillway.coordinator.kafka;

import dev.spillway.coordinator.identity.FleetSecret;
import dev.spillway.coordinator.trail.EvictionTrail;
import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.Report;
import dev.spillway.events.codec.EventCodec;
import dev.spillway.events.codec.EventMessage;
import dev.spillway.events.codec.Topics;
import dev.spillway.events.codec.UnreadableEventException;
import dev.spillway.registry.CommitUnknownException;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.registry.decide.Command;
import dev.spillway.service.Backoff;
import dev.spillway.service.ConnectionTrouble;
import dev.spillway.service.LastUse;
import dev.spillway.service.LogThrottle;
import dev.spillway.service.ServiceThread;
import dev.spillway.service.UnusableServerException;
import dev.spillway.service.kafka.ConsumerLag;
import dev.spillway.service.kafka.KafkaSettings;
import dev.spillway.service.kafka.Message;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads hosts' reports from Kafka into the registry, in one consumer group with the other coordinators. Offsets are committed only after the registry
 * has committed the reports before them. After a crash some reports are read again, which changes nothing.
 *
 * <p>A report counts only if it is authenticated by the key of its host. Any other is skipped, because the heartbeat carries a genuine report, too.
 */
public final class ReportConsumer implements AutoCloseable {
    /** Consumer group that all coordinators of a registry share. */
    public static final String GROUP = "spillway-coordinators";

    private static final Logger LOG = LoggerFactory.getLogger(ReportConsumer.class);
    private static final int BATCH_MAX = 1_000;
    private static final Duration SESSION = Duration.ofSeconds(10);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(5));
    private static final Duration UNPROVEN_TOLD_EVERY = Duration.ofMinutes(1);
    private static final Duration END_WITHIN = Duration.ofSeconds(8);
    private static final Duration LEAVE_WITHIN = Duration.ofSeconds(3);

    private final Registry registry;
    private final FleetSecret secret;
    private final EventCodec codec = new EventCodec(EventMessages.SOURCE);
    private final RandomGenerator random;
    private final EvictionTrail trail;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final ConsumerLag lag;
    private final Counter taken;
    private final Counter unreadable;
    private final Counter unproven;
    private final LogThrottle unprovenTold = new LogThrottle(UNPROVEN_TOLD_EVERY);
    private final ServiceThread thread;
    private final LastUse uses = new LastUse();
    private volatile boolean closing;
    private volatile @Nullable Throwable ended;

    private ReportConsumer(
            Registry registry,
            FleetSecret secret,
            KafkaSettings settings,
            EvictionTrail trail,
            MeterRegistry metrics,
            RandomGenerator random) {
        this.registry = registry;
        this.secret = secret;
        this.random = random;
        this.trail = trail;
        Map<String, Object> properties = new HashMap<>(settings.consumer(GROUP));
        // Reports may be read twice without harm. A missed report would leave its order open.
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, BATCH_MAX);
        // A member that crashes, or leaves while it joins, delays the rebalance until its session ends. With this assignor the other members keep
        // their partitions meanwhile.
        properties.put(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, CooperativeStickyAssignor.class.getName());
        properties.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, Math.toIntExact(SESSION.toMillis()));
        properties.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, Math.toIntExact(SESSION.dividedBy(4).toMillis()));
        this.consumer = new KafkaConsumer<>(properties);
        this.lag = new ConsumerLag(consumer, metrics);
        this.taken = Counter.builder("spillway.reports.taken")
                .description("Reports from Kafka that the registry has committed")
                .register(metrics);
        this.unreadable =
                Counter.builder("spillway.reports.unreadable").description("Reports from Kafka that were passed over").register(metrics);
        this.unproven = Counter.builder("spillway.reports.unproven")
                .description("Reports from Kafka that were passed over because their host's key does not prove them")
                .register(metrics);
        this.thread = new ServiceThread("take-reports", this::run);
    }

    public static ReportConsumer start(
            Registry registry,
            FleetSecret secret,
            KafkaSettings settings,
            EvictionTrail trail,
            MeterRegistry metrics,
            RandomGenerator random) {
        ReportConsumer reports = new ReportConsumer(registry, secret, settings, trail, metrics, random);
        reports.thread.start();
        return reports;
    }

    /** Fails if reports cannot be read. */
    public void requireWorking() throws UnusableServerException {
        Throwable failure = ended;
        if (failure != null) {
            throw new UnusableServerException("ended, start this coordinator again: " + ConnectionTrouble.inWords(failure), failure);
        }
        uses.requireWorking();
    }

    private void run() {
        try {
            consumer.subscribe(List.of(Topics.REPORTS));
            int failures = 0;
            while (!closing) {
                try {
                    List<ConsumerRecord<byte[], byte[]>> polled = records(POLL);
                    uses.worked();
                    take(polled);
                    failures = 0;
                } catch (WakeupException e) {
                    LOG.debug("woken to end");
                } catch (KafkaException | LinkageError e) {
                    // A library that cannot be loaded is an Error, and must not end the thread in silence.
                    failures++;
                    LOG.warn("reading {}: {}", Topics.REPORTS, e.toString());
                    uses.failed(ConnectionTrouble.inWords(e));
                    Thread.sleep(BACKOFF.delay(failures, random));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("taking reports ended; heartbeats carry them", e);
            ended = e;
        } finally {
            // With the interrupt set, the consumer could not leave its group.
            boolean interrupted = Thread.interrupted();
            lag.close();
            consumer.close(CloseOptions.timeout(LEAVE_WITHIN));
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private List<ConsumerRecord<byte[], byte[]>> records(Duration atMost) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        consumer.poll(atMost).forEach(records::add);
        return records;
    }

    /** Returns once the registry has committed all reports and their offsets are committed, or when this consumer is closing. */
    private void take(List<ConsumerRecord<byte[], byte[]>> polled) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>(polled);
        int failures = 0;
        while (!records.isEmpty() && !closing) {
            try {
                List<Report> reports = readable(records);
                store(reports);
                trail.taken(reports);
                consumer.resume(consumer.paused());
                commit(records);
                return;
            } catch (RegistryUnavailableException | CommitUnknownException e) {
                failures++;
                LOG.warn("{} reports wait: {}", records.size(), e.getMessage());
                // The consumer polls while it waits, so that it stays in the group. Records of newly assigned partitions are added to the waiting
                // ones.
                consumer.pause(consumer.assignment());
                records.addAll(waiting(BACKOFF.ceiling(failures).dividedBy(2).plus(BACKOFF.delay(failures, random).dividedBy(2))));
            }
        }
        consumer.resume(consumer.paused());
    }

    private List<ConsumerRecord<byte[], byte[]>> waiting(Duration pause) {
        try {
            return records(pause);
        } catch (WakeupException e) {
            throw e;
        } catch (KafkaException e) {
            // The failure is only logged, so that the records that are already read are not lost.
            LOG.warn("reading {}: {}", Topics.REPORTS, e.toString());
            return List.of();
        }
    }

    private List<Report> readable(List<ConsumerRecord<byte[], byte[]>> records) {
        List<Report> reports = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            Message message = Message.of(record);
            try {
                Map<String, String> headers = EventMessages.headers(message);
                Optional<HostId> host = host(message).filter(named -> secret.keyOf(named).proves(headers, message.value()));
                if (host.isEmpty()) {
                    unproven(record);
                    continue;
                }
                Report report = codec.decode(Report.class, headers, message.value());
                if (!report.hostId().equals(host.get())) {
                    unproven(record);
                    continue;
                }
                trail.reportRead(report.replicaId(), headers.get(EventMessage.TRACEPARENT));
                reports.add(report);
            } catch (UnreadableEventException e) {
                unreadable.increment();
                LOG.warn("report at {}-{}@{} passed over: {}", record.topic(), record.partition(), record.offset(), e.getMessage());
            }
        }
        return reports;
    }

    /** Returns the host that a report claims to come from. */
    private static Optional<HostId> host(Message message) {
        try {
            return Optional.ofNullable(message.key()).map(HostId::new);
        } catch (InvalidValueException e) {
            return Optional.empty();
        }
    }

    private void unproven(ConsumerRecord<byte[], byte[]> record) {
        unproven.increment();
        unprovenTold.log(
                more -> LOG.warn(
                        "report at {}-{}@{} passed over: the key of its host does not prove it; {} more since the last such line",
                        record.topic(),
                        record.partition(),
                        record.offset(),
                        more));
    }

    private void store(List<Report> reports) {
        for (int from = 0; from < reports.size(); from += BATCH_MAX) {
            List<Report> batch = reports.subList(from, Math.min(reports.size(), from + BATCH_MAX));
            try {
                registry.execute(new Command.TakeReports(batch));
                taken.increment(batch.size());
            } catch (RegistryUnavailableException | CommitUnknownException e) {
                throw e;
            } catch (RuntimeException e) {
                LOG.error("{} reports refused together, taken one by one", batch.size(), e);
                batch.forEach(this::storeAlone);
            }
        }
    }

    /** Stores one report alone, so that a report that the registry cannot store does not hold up the others. */
    private void storeAlone(Report report) {
        try {
            registry.execute(new Command.TakeReports(List.of(report)));
            taken.increment();
        } catch (RegistryUnavailableException | CommitUnknownException e) {
            throw e;
        } catch (RuntimeException e) {
            unreadable.increment();
            LOG.error("report passed over: {}", report, e);
        }
    }

    private void commit(List<ConsumerRecord<byte[], byte[]>> records) {
        Map<TopicPartition, OffsetAndMetadata> behind = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            behind.merge(
                    new TopicPartition(record.topic(), record.partition()),
                    new OffsetAndMetadata(record.offset() + 1),
                    (one, other) -> one.offset() > other.offset() ? one : other);
        }
        behind.keySet().retainAll(consumer.assignment());
        try {
            consumer.commitSync(behind);
        } catch (WakeupException e) {
            throw e;
        } catch (KafkaException e) {
            LOG.info("offsets of {} reports not committed, they will be read again: {}", records.size(), e.toString());
        }
    }

    @Override
    public void close() {
        closing = true;
        consumer.wakeup();
        thread.end(END_WITHIN, LEAVE_WITHIN.plusSeconds(1));
    }
}
