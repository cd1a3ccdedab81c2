package dev.spillway.worker.core.model;

import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A change that came with an {@code Idempotency-Key}. It is kept so that a repetition gets the same answer, and its key serves no other request. */
public sealed interface KeptRequest {
    /** 1 to 255 visible ASCII characters. */
    String key();

    /** Returns the digest of the whole request. The same key with another digest is another request. */
    String digest();

    /** Returns the time at which it began. */
    Instant since();

    /**
     * A tree to store.
     *
     * @param since   time at which the replica was offered
     * @param notKept number of an archive's entries that lost something, by kind; absent if nothing was lost
     * @param outcome absent until it is known; never {@link PutOutcome.Unknown}, {@link PutOutcome.NotRegistered} or
     *                {@link PutOutcome.Refused}
     */
    record Put(
            String key,
            String digest,
            ReplicaId replicaId,
            long sizeBytes,
            Instant since,
            @Nullable Map<NotKept, Long> notKept,
            @Nullable PutOutcome outcome) implements KeptRequest {
        /** Returns the same request with its answer. */
        public Put settled(PutOutcome as) {
            return new Put(key, digest, replicaId, sizeBytes, since, notKept, as);
        }
    }

    /**
     * An entry to delete, kept before the registry is asked in its name.
     *
     * @param deleted image that the entry named; absent until the registry has deleted the entry. A deletion that the registry refused may keep its
     *                key, too: its repetition asks the registry again
     */
    record Deletion(String key, String digest, Instant since, @Nullable SnapshotId deleted) implements KeptRequest {
        /** Returns the same request with its answer. */
        public Deletion settled(SnapshotId snapshot) {
            return new Deletion(key, digest, since, snapshot);
        }
    }
}
