package dev.spillway.events.protocol;

import dev.spillway.events.HostId;

/**
 * A message from a worker to the registry. Every one is idempotent: sent twice it does what it did once.
 *
 * @param <A> the answer
 */
public sealed interface WorkerMessage<A> permits JoinRequest, FencedMessage {
    HostId hostId();
}
