package dev.spillway.events.codec;

import dev.spillway.events.EvictionFact;
import dev.spillway.events.Order;
import dev.spillway.events.Report;

/**
 * The kinds of event on Kafka, each with the version of its JSON Schema in its CloudEvents type. A host declares at join which versions it
 * reads.
 */
public enum EventType {
    EVICTION("dev.spillway.eviction.v1", EvictionFact.class),
    ORDER("dev.spillway.order.v1", Order.class),
    REPORT("dev.spillway.report.v1", Report.class);

    /** The version of the protocol and of every event that this build writes and reads. */
    public static final int VERSION = 1;

    private final String ceType;
    private final Class<?> payload;

    EventType(String ceType, Class<?> payload) {
        this.ceType = ceType;
        this.payload = payload;
    }

    /** The CloudEvents attribute {@code type}. */
    public String ceType() {
        return ceType;
    }

    public Class<?> payload() {
        return payload;
    }
}
