package dev.spillway.client;

import dev.spillway.events.protocol.EvictedEntry;
import java.util.List;
import java.util.Optional;

/**
 * The least recently used registry of one namespace: which snapshot each key names. Bound to a namespace at the coordinators; thread-safe.
 *
 * <p>Every method may throw a {@link dev.spillway.api.ProblemException} when the registry refuses, and a {@link NotReachableException} when it cannot
 * be asked; those that change something an {@link OutcomeUnknownException} when nobody can say whether it was done. An error is never a miss.
 */
public interface ImageRegistry {
    /** Returns the snapshot that a key names, and makes its entry the most recently used one. */
    Optional<String> get(String key) throws InterruptedException;

    /** As {@link #put(String, String, long)}, of a size that is not known. */
    default Put put(String key, String snapshotId) throws InterruptedException {
        return put(key, snapshotId, 0);
    }

    /**
     * Lets a key name a snapshot, and evicts what no longer fits.
     *
     * @param sizeBytes allocated bytes of the image
     */
    Put put(String key, String snapshotId, long sizeBytes) throws InterruptedException;

    /** Evicts an entry and returns the snapshot that it named. */
    Optional<String> invalidate(String key) throws InterruptedException;

    /** Evicts an entry if it names the expected snapshot, and returns whether it did. */
    boolean invalidate(String key, String expectedSnapshotId) throws InterruptedException;

    /** Returns the ids of all snapshots that entries name, in order, each once. */
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
     * @param evicted  what went to make room, oldest first
     */
    record Put(long generation, Optional<String> replaced, List<EvictedEntry> evicted) {
        /** The snapshots of the evicted entries, oldest first. */
        public List<String> evictedIds() {
            return evicted.stream().map(entry -> entry.snapshotId().value()).toList();
        }
    }
}
