package dev.spillway.worker.kafka;

import dev.spillway.events.HostId;
import dev.spillway.events.Report;
import dev.spillway.events.codec.EventCodec;
import dev.spillway.events.codec.EventMessage;
import dev.spillway.events.codec.MessageKey;
import dev.spillway.events.codec.Topics;
import dev.spillway.service.Backoff;
import dev.spillway.service.ConnectionTrouble;
import dev.spillway.service.LastUse;
import dev.spillway.service.UnusableServerException;
import dev.spillway.service.kafka.KafkaSettings;
import dev.spillway.service.kafka.Message;
import dev.spillway.service.kafka.MessageSender;
import dev.spillway.worker.trail.HostTrail;
import dev.spillway.worker.trail.HostTrail.FollowedReport;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes reports on a thread of its own, so that callers never wait for Kafka. A report that cannot be sent is counted and dropped, because the
 * heartbeat carries it, too. Thread-safe.
 */
public final class ReportSender implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReportSender.class);
    private static final int WAITING_MAX = 10_000;
    private static final Backoff CONNECT = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(5));

    private final KafkaSettings settings;
    private final HostId host;
    private final Supplier<Optional<MessageKey>> key;
    private final InstantSource clock;
    private final HostTrail trail;
    private final EventCodec codec;
    private final BlockingQueue<FollowedReport> waiting = new ArrayBlockingQueue<>(WAITING_MAX);
    private final LongAdder sent = new LongAdder();
    private final LongAdder lost = new LongAdder();
    private final LastUse uses = new LastUse();
    private final Thread thread;
    private volatile boolean closed;

    /**
     * Starts the thread, which connects when it has something to send.
     *
     * @param key the host's own; while there is none, reports go by heartbeat alone
     */
    public ReportSender(KafkaSettings settings, HostId host, Supplier<Optional<MessageKey>> key, InstantSource clock, HostTrail trail) {
        this.settings = settings;
        this.host = host;
        this.key = key;
        this.clock = clock;
        this.trail = trail;
        this.codec = new EventCodec("/spillway/worker/" + host);
        this.thread = Thread.ofVirtual().name("reports-" + host).unstarted(this::run);
        thread.start();
    }

    /** Takes a report to be published; never blocks. */
    public void publish(Report report) {
        if (!waiting.offer(trail.reported(report))) {
            lost.increment();
        }
    }

    /** Returns the number of reports that Kafka has acknowledged. */
    public long sent() {
        return sent.sum();
    }

    /** Returns the number of reports that were dropped or could not be sent. */
    public long lost() {
        return lost.sum();
    }

    /** Throws if Kafka takes no reports. */
    public void requireWorking() throws UnusableServerException {
        uses.requireWorking();
    }

    private void run() {
        try {
            for (int failed = 0; !closed;) {
                FollowedReport first = waiting.take();
                try (MessageSender sender = new MessageSender(settings)) {
                    failed = 0;
                    send(sender, first);
                    while (!closed) {
                        send(sender, waiting.take());
                    }
                    // Messages under way may still arrive, and an interrupt would cut that short.
                    Thread.interrupted();
                } catch (KafkaException | LinkageError e) {
                    // The producer could not be made, for example because no broker's name resolves to an address.
                    failed++;
                    uses.failed("reports are not published: " + ConnectionTrouble.inWords(e));
                    lost.increment();
                    LOG.warn("reports are not published: {}", e.getMessage());
                    Thread.sleep(CONNECT.delay(failed, RandomGenerator.getDefault()));
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("publishing reports ends: {}", e.toString());
        }
    }

    private void send(MessageSender sender, FollowedReport followed) {
        Report report = followed.report();
        Optional<MessageKey> proof = key.get();
        if (proof.isEmpty()) {
            lost.increment();
            LOG.debug("the report on {} is not published: this host has no key yet", report.replicaId());
            return;
        }
        EventMessage event = codec.encode(report, clock.instant()).tracedBy(followed.traceparent()).provenBy(proof.get());
        Map<String, byte[]> headers = new LinkedHashMap<>();
        event.headers().forEach((name, value) -> headers.put(name, value.getBytes(StandardCharsets.UTF_8)));
        var _ = sender
                .send(
                        new Message(
                                Topics.REPORTS,
                                OptionalInt.empty(),
                                host.value(),
                                headers,
                                event.json().getBytes(StandardCharsets.UTF_8)))
                .whenComplete((offset, failure) -> {
                    if (failure == null) {
                        sent.increment();
                        uses.worked();
                        trail.sent(followed);
                    } else {
                        lost.increment();
                        uses.failed("reports are not published: " + ConnectionTrouble.inWords(failure));
                        LOG.debug("the report on {} is not published: {}", report.replicaId(), failure.toString());
                    }
                });
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
