package dev.spillway.events.codec;

import dev.spillway.events.EvictionFact;
import dev.spillway.events.Order;
import dev.spillway.events.Report;

/** Names of the Kafka topics. */
public final class Topics {
    /** Facts: one {@link EvictionFact} per eviction, keyed by namespace, for anyone. */
    public static final String EVICTIONS = "spillway.evictions";
    /** {@link Order}s, each to the partition of its host. */
    public static final String ORDERS = "spillway.orders";
    /** {@link Report}s, keyed by host, read by the coordinators. */
    public static final String REPORTS = "spillway.reports";

    private Topics() {}
}
