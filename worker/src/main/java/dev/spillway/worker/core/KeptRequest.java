package dev.spillway.worker.core;

import dev.spillway.events.ReplicaId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A put that came with an {@code Idempotency-Key}, kept so that the same put asked again is answered as the first was.
 *
 * @param key     1 to 255 visible ASCII characters
 * @param digest  of everything that was asked; the same key with another digest is another request
 * @param since   when the replica was offered
 * @param outcome absent until it is known; never {@link PutOutcome.Unknown} or {@link PutOutcome.NotRegistered}
 */
public record KeptRequest(String key, String digest, ReplicaId replicaId, long sizeBytes, Instant since, @Nullable PutOutcome outcome) {
    /** The same request with its answer. */
    public KeptRequest settled(PutOutcome as) {
        return new KeptRequest(key, digest, replicaId, sizeBytes, since, as);
    }
}
