package dev.spillway.registry.model;

import dev.spillway.events.Order;

/** An order with the partition of {@code spillway.orders} that its host reads. */
public record AddressedOrder(int partition, Order order) {}
