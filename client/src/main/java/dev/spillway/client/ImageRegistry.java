package dev.spillway.client;

import dev.spillway.api.ProblemException;
import dev.spillway.events.protocol.EvictedEntry;
import java.util.List;
import java.util.Optional;

/**
 * The registry of one namespace, which maps each key to a snapshot and evicts entries beyond the namespace's limits. Accessed through the
 * coordinators. Thread-safe.
 *
 * <p>Every method throws a {@link ProblemException} if the registry refuses, and a {@link NotReachableException} if it cannot be
 * reached. A method that changes something throws an {@link OutcomeUnknownException} if it is unknown whether the change was made. An error is never
 * a miss.
 */
public interface ImageRegistry {
    /** Returns the snapshot that a key names, and makes its entry the most recently used one. */
    Optional<String> get(String key) throws InterruptedException;

    /** Does the same as {@link #put(String, String, long)} for an image of unknown size. */
    default Put put(String key, String snapshotId) throws InterruptedException {
        return put(key, snapshotId, 0);
    }

    /**
     * Makes a key name a snapshot, and evicts the entries that no longer fit.
     *
     * @param sizeBytes allocated bytes of the image
     */
    Put put(String key, String snapshotId, long sizeBytes) throws InterruptedException;

    /** Evicts an entry and returns the snapshot that it named. */
    Optional<String> invalidate(String key) throws InterruptedException;

    /** Evicts an entry if it names the expected snapshot, and returns whether it did. */
    boolean invalidate(String key, String expectedSnapshotId) throws InterruptedException;

    /** Returns the distinct ids of all snapshots that entries name, in order. */
    List<String> allSnapshotIds() throws InterruptedException;

    /** Returns the number of entries. */
    long size() throws InterruptedException;

    /** Returns whether there are no entries. */
    default boolean isEmpty() throws InterruptedException {
        return size() == 0;
    }

    /**
     * A stored entry.
     *
     * @param replaced the snapshot that the key named before, if it was another
     * @param evicted  entries that were evicted to make room, oldest first
     */
    record Put(long generation, Optional<String> replaced, List<EvictedEntry> evicted) {
        /** The snapshots of the evicted entries, oldest first. */
        public List<String> evictedIds() {
            return evicted.stream().map(entry -> entry.snapshotId().value()).toList();
        }
    }
}
