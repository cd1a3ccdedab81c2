package dev.spillway.coordinator.kafka;

import dev.spillway.coordinator.identity.FleetSecret;
import dev.spillway.coordinator.trail.EvictionTrail;
import dev.spillway.events.HostId;
import dev.spillway.events.codec.EventCodec;
import dev.spillway.events.codec.Topics;
import dev.spillway.registry.CommitUnknownException;
import dev.spillway.registry.Registry;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.model.AddressedOrder;
import dev.spillway.registry.store.Changes;
import dev.spillway.service.kafka.Message;
import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes due orders to the partitions of their hosts. A claim sets the time of the next attempt. If the coordinator crashes, the order waits until
 * then, or a heartbeat carries it sooner. Orders that were not acknowledged are given back and are due at once. Not thread-safe.
 */
final class OrderPublication implements Publication<AddressedOrder> {
    private static final Logger LOG = LoggerFactory.getLogger(OrderPublication.class);

    private final Registry registry;
    private final EventCodec codec;
    private final FleetSecret secret;
    private final int partitions;
    private final EvictionTrail trail;
    private Instant claimedAt = Instant.EPOCH;

    /** @param partitions number of partitions of the topic */
    OrderPublication(Registry registry, EventCodec codec, FleetSecret secret, int partitions, EvictionTrail trail) {
        this.registry = registry;
        this.codec = codec;
        this.secret = secret;
        this.partitions = partitions;
        this.trail = trail;
    }

    @Override
    public String name() {
        return "orders";
    }

    @Override
    public String topic() {
        return Topics.ORDERS;
    }

    @Override
    public boolean isLeftBy(Changes.Wake wake) {
        return wake.orders();
    }

    @Override
    public List<AddressedOrder> claim(int most) {
        claimedAt = Instant.now();
        return registry.execute(new Command.ClaimOrders(most));
    }

    @Override
    public @Nullable String obstacle(AddressedOrder order) {
        return order.partition() < partitions ? null : "partition " + order.partition() + " beyond the " + partitions + " of " + topic();
    }

    @Override
    public Message message(AddressedOrder order) {
        HostId host = order.order().hostId();
        return EventMessages.message(
                topic(),
                OptionalInt.of(order.partition()),
                host.value(),
                codec.encode(order.order()).tracedBy(trail.traceparent(order.order())).provenBy(secret.keyOf(host)));
    }

    @Override
    public void settle(List<AddressedOrder> acknowledged, List<AddressedOrder> unsent) {
        if (trail.isFollowing()) {
            acknowledged.forEach(order -> trail.sent(order.order(), claimedAt));
        }
        if (unsent.isEmpty()) {
            return;
        }
        try {
            registry.execute(new Command.ReturnOrders(unsent.stream().map(order -> order.order().replicaId()).toList()));
        } catch (RegistryUnavailableException | CommitUnknownException e) {
            LOG.warn("{} orders not given back, due again later: {}", unsent.size(), e.getMessage());
        }
    }
}
