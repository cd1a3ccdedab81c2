package dev.spillway.worker.core.model;

import dev.spillway.events.protocol.Reply;

/** The outcome of sending a message. */
public sealed interface Delivery<A> {
    /** The registry replied. */
    record Replied<A>(Reply<A> reply) implements Delivery<A> {}

    /** The message was surely not carried out. */
    record NotDelivered<A>(String why) implements Delivery<A> {}

    /** The message may have been carried out. */
    record Lost<A>(String why) implements Delivery<A> {}
}
