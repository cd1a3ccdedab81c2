package dev.spillway.events.protocol;

import dev.spillway.events.HostId;

/**
 * A message from a worker to the registry. Every message is idempotent: sending it twice has the effect of sending it once.
 *
 * @param <A> the answer
 */
public sealed interface WorkerMessage<A> permits JoinRequest, FencedMessage {
    HostId hostId();
}
