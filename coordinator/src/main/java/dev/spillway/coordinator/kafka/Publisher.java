package dev.spillway.coordinator.kafka;

import dev.spillway.coordinator.identity.FleetSecret;
import dev.spillway.coordinator.kafka.PublishingLoop.Round;
import dev.spillway.coordinator.trail.EvictionTrail;
import dev.spillway.events.codec.EventCodec;
import dev.spillway.registry.Registry;
import dev.spillway.service.LastUse;
import dev.spillway.service.UnusableServerException;
import dev.spillway.service.kafka.MessageSender;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Publishes one kind of event from the registry to Kafka. Each round claims due events, sends them, and records the result. */
public final class Publisher<T> implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Publisher.class);
    private static final int CLAIM_MAX = 1_000;

    private final Publication<T> publication;
    private final Brokers brokers;
    private final MessageSender sender;
    private final Counter published;
    private final Counter failures;
    private final PublishingLoop loop;
    private final LastUse uses = new LastUse();

    private Publisher(Publication<T> publication, Brokers brokers, MessageSender sender, MeterRegistry metrics, RandomGenerator random) {
        this.publication = publication;
        this.brokers = brokers;
        this.sender = sender;
        this.published = Counter.builder("spillway." + publication.name() + ".published")
                .description("Events that Kafka acknowledged")
                .register(metrics);
        this.failures = Counter.builder("spillway.publish.failures")
                .description("Events that Kafka did not acknowledge")
                .tag("topic", publication.topic())
                .register(metrics);
        this.loop = new PublishingLoop("publish-" + publication.name(), brokers, random, this::publish, uses);
    }

    /** Publishes the facts of evictions. */
    public static Publisher<?> ofFacts(
            Registry registry,
            Brokers brokers,
            MessageSender sender,
            EvictionTrail trail,
            MeterRegistry metrics,
            RandomGenerator random) {
        return start(registry, new Publisher<>(new FactPublication(registry, codec(), trail), brokers, sender, metrics, random));
    }

    /** Publishes orders to hosts, each authenticated by the key of its host. */
    public static Publisher<?> ofOrders(
            Registry registry,
            FleetSecret secret,
            Brokers brokers,
            MessageSender sender,
            EvictionTrail trail,
            MeterRegistry metrics,
            RandomGenerator random) {
        return start(
                registry,
                new Publisher<>(
                        new OrderPublication(registry, codec(), secret, brokers.orderPartitions(), trail),
                        brokers,
                        sender,
                        metrics,
                        random));
    }

    private static EventCodec codec() {
        return new EventCodec(EventMessages.SOURCE);
    }

    private static <T> Publisher<T> start(Registry registry, Publisher<T> publisher) {
        registry.onCommit(wake -> {
            if (publisher.publication.isLeftBy(wake)) {
                publisher.loop.wake();
            }
        });
        publisher.loop.start();
        return publisher;
    }

    /** Fails if Kafka does not accept the messages. */
    public void requireWorking() throws UnusableServerException {
        uses.requireWorking();
    }

    private Round publish() {
        List<T> claimed = publication.claim(CLAIM_MAX);
        if (claimed.isEmpty()) {
            return Round.NOTHING_DUE;
        }
        List<T> unsent = new ArrayList<>();
        List<T> sendable = new ArrayList<>();
        String why = "";
        for (T item : claimed) {
            String obstacle = publication.obstacle(item);
            (obstacle == null ? sendable : unsent).add(item);
            why = obstacle == null || !why.isEmpty() ? why : obstacle;
        }
        uses.begun();
        SentBatch.Result<T> result = SentBatch.send(sender, sendable, publication::message).await(brokers);
        published.increment(result.acknowledged().size());
        unsent.addAll(result.failed());
        why = why.isEmpty() ? result.firstFailure() : why;
        if (!result.acknowledged().isEmpty()) {
            uses.worked();
        } else if (!brokers.isReachable()) {
            // Brokers reports that Kafka does not answer, and nothing is tried until it answers again.
            uses.ended();
        } else {
            uses.failed("%d %s not published: %s".formatted(unsent.size(), publication.name(), why));
        }
        settle(result.acknowledged(), unsent);
        if (unsent.isEmpty()) {
            return Round.PUBLISHED;
        }
        failures.increment(unsent.size());
        LOG.warn("{} of {} {} not published, due again later: {}", unsent.size(), claimed.size(), publication.name(), why);
        brokers.suspect();
        return Round.FAILED;
    }

    /**
     * Records the result of sending. An interrupt means that the service stops; the result is recorded all the same, so that other coordinators can
     * continue.
     */
    private void settle(List<T> acknowledged, List<T> unsent) {
        boolean interrupted = Thread.interrupted();
        try {
            publication.settle(acknowledged, unsent);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() {
        loop.close();
    }
}
