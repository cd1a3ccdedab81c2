package dev.spillway.coordinator.kafka;

import dev.spillway.coordinator.core.AddressedOrder;
import dev.spillway.coordinator.core.Command;
import dev.spillway.coordinator.core.OutcomeUnknownException;
import dev.spillway.coordinator.core.Registry;
import dev.spillway.coordinator.core.RegistryUnavailableException;
import dev.spillway.coordinator.kafka.PublishingLoop.Round;
import dev.spillway.events.EventCodec;
import dev.spillway.events.Topics;
import dev.spillway.service.kafka.MessageSender;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes orders that are due, each to its host's partition. An order is claimed first, which sets when it is due again, then sent: whoever
 * dies in between delays it by that interval, and a heartbeat may carry it sooner. What surely or possibly did not arrive is given back, so that
 * it is due at once.
 */
public final class OrderPublisher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OrderPublisher.class);
    private static final int CLAIM_MAX = 1_000;

    private final Registry registry;
    private final Brokers brokers;
    private final MessageSender sender;
    private final EventCodec codec = new EventCodec(EventMessages.SOURCE);
    private final Counter published;
    private final Counter failures;
    private final PublishingLoop loop;

    private OrderPublisher(Registry registry, Brokers brokers, MessageSender sender, MeterRegistry metrics, RandomGenerator random) {
        this.registry = registry;
        this.brokers = brokers;
        this.sender = sender;
        this.published = Counter.builder("spillway.orders.published").description("Orders that Kafka acknowledged").register(metrics);
        this.failures = Counter.builder("spillway.publish.failures")
                .description("Events that Kafka did not acknowledge")
                .tag("topic", Topics.ORDERS)
                .register(metrics);
        this.loop = new PublishingLoop("publish-orders", brokers, random, this::publish);
    }

    public static OrderPublisher start(Registry registry, Brokers brokers, MessageSender sender, MeterRegistry metrics,
            RandomGenerator random) {
        OrderPublisher publisher = new OrderPublisher(registry, brokers, sender, metrics, random);
        registry.onCommit(wake -> {
            if (wake.orders()) {
                publisher.loop.wake();
            }
        });
        publisher.loop.start();
        return publisher;
    }

    private Round publish() {
        List<AddressedOrder> claimed = registry.execute(new Command.ClaimOrders(CLAIM_MAX));
        if (claimed.isEmpty()) {
            return Round.NOTHING_DUE;
        }
        List<AddressedOrder> addressable = claimed.stream().filter(order -> order.partition() < brokers.orderPartitions()).toList();
        Delivery.Result<AddressedOrder> result = Delivery.send(sender, addressable, order -> EventMessages.message(Topics.ORDERS,
                OptionalInt.of(order.partition()), order.order().hostId().value(), codec.encode(order.order()))).await(brokers);
        published.increment(result.acknowledged().size());
        List<AddressedOrder> unsent = new ArrayList<>(result.failed());
        claimed.stream().filter(order -> order.partition() >= brokers.orderPartitions()).forEach(unsent::add);
        if (unsent.isEmpty()) {
            return Round.PUBLISHED;
        }
        failures.increment(unsent.size());
        LOG.warn("{} of {} orders not published, left for heartbeats: {}", unsent.size(), claimed.size(),
                addressable.size() < claimed.size()
                        ? "partition beyond the " + brokers.orderPartitions() + " of " + Topics.ORDERS
                        : result.firstFailure());
        brokers.suspect();
        giveBack(unsent);
        return Round.FAILED;
    }

    private void giveBack(List<AddressedOrder> orders) {
        // An interrupt says that the service stops; the orders should be due at once for whoever goes on.
        boolean interrupted = Thread.interrupted();
        try {
            registry.execute(new Command.ReturnOrders(orders.stream().map(order -> order.order().replicaId()).toList()));
        } catch (RegistryUnavailableException | OutcomeUnknownException e) {
            LOG.warn("{} orders not given back, due again later: {}", orders.size(), e.getMessage());
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
