package dev.spillway.coordinator.kafka;

import dev.spillway.coordinator.core.Command;
import dev.spillway.coordinator.core.Registry;
import dev.spillway.coordinator.kafka.PublishingLoop.Round;
import dev.spillway.events.EventCodec;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.Topics;
import dev.spillway.service.kafka.MessageSender;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes the fact of each eviction, keyed by namespace. A fact counts as published only after Kafka acknowledged it; whoever dies before
 * that is noted publishes it twice, never not at all.
 */
public final class FactPublisher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FactPublisher.class);
    private static final int CLAIM_MAX = 1_000;

    private final Registry registry;
    private final Brokers brokers;
    private final MessageSender sender;
    private final EventCodec codec = new EventCodec(EventMessages.SOURCE);
    private final Counter published;
    private final Counter failures;
    private final PublishingLoop loop;

    private FactPublisher(Registry registry, Brokers brokers, MessageSender sender, MeterRegistry metrics, RandomGenerator random) {
        this.registry = registry;
        this.brokers = brokers;
        this.sender = sender;
        this.published =
                Counter.builder("spillway.facts.published").description("Eviction facts that Kafka acknowledged").register(metrics);
        this.failures = Counter.builder("spillway.publish.failures")
                .description("Events that Kafka did not acknowledge")
                .tag("topic", Topics.EVICTIONS)
                .register(metrics);
        this.loop = new PublishingLoop("publish-facts", brokers, random, this::publish);
    }

    public static FactPublisher start(Registry registry, Brokers brokers, MessageSender sender, MeterRegistry metrics,
            RandomGenerator random) {
        FactPublisher publisher = new FactPublisher(registry, brokers, sender, metrics, random);
        registry.onCommit(wake -> {
            if (wake.facts()) {
                publisher.loop.wake();
            }
        });
        publisher.loop.start();
        return publisher;
    }

    private Round publish() {
        List<EvictionFact> claimed = registry.execute(new Command.ClaimFacts(CLAIM_MAX));
        if (claimed.isEmpty()) {
            return Round.NOTHING_DUE;
        }
        Delivery.Result<EvictionFact> result = Delivery.send(sender, claimed,
                fact -> EventMessages.message(Topics.EVICTIONS, OptionalInt.empty(), fact.namespace().value(), codec.encode(fact)))
                .await(brokers);
        if (!result.acknowledged().isEmpty()) {
            published.increment(result.acknowledged().size());
            noted(result.acknowledged());
        }
        if (result.failed().isEmpty()) {
            return Round.PUBLISHED;
        }
        failures.increment(result.failed().size());
        LOG.warn("{} of {} facts not published, due again later: {}", result.failed().size(), claimed.size(), result.firstFailure());
        brokers.suspect();
        return Round.FAILED;
    }

    private void noted(List<EvictionFact> facts) {
        boolean interrupted = Thread.interrupted();
        try {
            registry.execute(new Command.FactsPublished(facts.stream().map(EvictionFact::id).toList()));
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
