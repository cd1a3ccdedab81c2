package dev.spillway.worker.core;

import dev.spillway.events.protocol.Reply;

/** The outcome of sending a message. */
public sealed interface Delivery<A> {
    /** The registry replied. */
    record Replied<A>(Reply<A> reply) implements Delivery<A> {}

    /** It surely was not carried out. */
    record NotDelivered<A>(String why) implements Delivery<A> {}

    /** It may have been carried out. */
    record Lost<A>(String why) implements Delivery<A> {}
}
