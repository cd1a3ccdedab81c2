package dev.spillway.client;

import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.body.CachedDirectories;
import dev.spillway.events.Description;
import dev.spillway.events.protocol.EvictedEntry;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The directory trees of one namespace in the cache of a host, accessed through its worker. All paths are paths of the worker's host. Thread-safe.
 *
 * <p>Every method throws a {@link ProblemException} if the worker refuses, and a {@link NotReachableException} if it cannot be
 * reached. A method that changes something throws an {@link OutcomeUnknownException} if it is unknown whether the change was made. An error is never
 * a miss.
 */
public interface DirectoryCache {
    /**
     * Returns a cached tree under a hold. It stays whole until {@link HeldDirectory#close()}, even if it is evicted before. A host that has a copy
     * answers without asking the registry, so the tree may be older than one that another host has just put. A host without one takes a copy from
     * another host, which may take long.
     *
     * @throws ProblemException of {@link ProblemType#NOT_FETCHED} if other hosts have the tree and none of them gives a copy
     */
    Optional<HeldDirectory> get(String key) throws InterruptedException;

    /** Does the same as {@link #get}, but the tree is the newest of its entry in the registry. */
    Optional<HeldDirectory> getFresh(String key) throws InterruptedException;

    /** Does the same as {@link #put(String, Path, String, CachedDirectories.Mode)} by copying. */
    default Put put(String key, Path sourceDir, String description) throws InterruptedException {
        return put(key, sourceDir, description, CachedDirectories.Mode.COPY);
    }

    /**
     * Stores a tree under a key, replacing the one that the key named, and evicts from all hosts the entries that no longer fit. The put is atomic:
     * the whole tree becomes visible at once, or nothing.
     *
     * @param sourceDir a directory of the worker's host, under a root that the worker allows
     */
    default Put put(String key, Path sourceDir, String description, CachedDirectories.Mode mode) throws InterruptedException {
        return put(key, sourceDir, Description.of(description), mode);
    }

    /**
     * Does the same as {@link #put(String, Path, String, CachedDirectories.Mode)} with labels. If the namespace evicts by GDSF, the label
     * {@code rebuild-seconds} states the cost of rebuilding the tree.
     */
    Put put(String key, Path sourceDir, Description description, CachedDirectories.Mode mode) throws InterruptedException;

    /**
     * Stores this host's copy of a generation that the key already names. The content must equal that of the other copies; this is not checked.
     *
     * @throws ProblemException of {@link ProblemType#GENERATION_GONE} if the key no longer names it
     */
    Put putCopy(String key, Path sourceDir, Description description, long generation) throws InterruptedException;

    /** Evicts an entry from all hosts and returns the snapshot that it named. */
    Optional<String> invalidate(String key) throws InterruptedException;

    /**
     * Evicts entries of the namespace in the order of eviction until both limits hold, and returns their number. Pinned entries stay. Entries that
     * this host holds stay as long as the limits leave room for them.
     *
     * @throws ProblemException of {@link ProblemType#PLAN_NEEDED} if more entries than the namespace's share would
     *                                           be evicted
     */
    long prune(long maxEntries, long maxBytes) throws InterruptedException;

    /** Returns the trees that this host serves, in the order of their keys. */
    List<CachedDirectories.Listed> list() throws InterruptedException;

    /** Returns the number and bytes of the trees that this host serves. */
    CachedDirectories.Stats stats() throws InterruptedException;

    /**
     * A stored tree.
     *
     * @param path    path of the tree; it is not held, so {@link #get} must be called before it is read
     * @param evicted entries that were evicted to make room, from all hosts, oldest first
     */
    record Put(Path path, String snapshotId, long generation, long sizeBytes, List<EvictedEntry> evicted) {}
}
