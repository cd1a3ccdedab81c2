package dev.spillway.client;

import dev.spillway.api.CachedDirectories;
import dev.spillway.events.Description;
import dev.spillway.events.protocol.EvictedEntry;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The directory trees of one namespace that a host caches. Bound to a namespace at a worker; all paths are of the worker's host. Thread-safe.
 *
 * <p>Every method may throw a {@link dev.spillway.api.ProblemException} when the worker refuses, and a {@link NotReachableException} when it cannot be
 * asked; those that change something an {@link OutcomeUnknownException} when nobody can say whether it was done. An error is never a miss.
 */
public interface DirectoryCache {
    /**
     * Returns a cached tree under a hold: it stays whole until {@link HeldDirectory#close()}, also when it is evicted meanwhile. Answered by the host
     * alone, so it may be older than what another host put just now.
     */
    Optional<HeldDirectory> get(String key) throws InterruptedException;

    /** As {@link #get}, after asking the registry that the tree is its entry's newest. */
    Optional<HeldDirectory> getFresh(String key) throws InterruptedException;

    /** As {@link #put(String, Path, String, CachedDirectories.Mode)}, by copying. */
    default Put put(String key, Path sourceDir, String description) throws InterruptedException {
        return put(key, sourceDir, description, CachedDirectories.Mode.COPY);
    }

    /**
     * Stores a tree under a key, in place of the one that the key named, and evicts from all hosts what no longer fits. It becomes visible all at
     * once or not at all.
     *
     * @param sourceDir a directory of the worker's host, under a root that the worker allows
     */
    default Put put(String key, Path sourceDir, String description, CachedDirectories.Mode mode) throws InterruptedException {
        return put(key, sourceDir, Description.of(description), mode);
    }

    /**
     * As {@link #put(String, Path, String, CachedDirectories.Mode)}, with labels. Where the namespace evicts by GDSF, the label
     * {@code rebuild-seconds} tells what it costs to make the tree again.
     */
    Put put(String key, Path sourceDir, Description description, CachedDirectories.Mode mode) throws InterruptedException;

    /**
     * Stores this host's copy of a generation that the key names already. The content must be that of the other copies: nobody compares it.
     *
     * @throws dev.spillway.api.ProblemException of {@link dev.spillway.api.ProblemType#GENERATION_GONE} when the key no longer names it
     */
    Put putCopy(String key, Path sourceDir, Description description, long generation) throws InterruptedException;

    /** Evicts an entry from all hosts and returns the snapshot that it named. */
    Optional<String> invalidate(String key) throws InterruptedException;

    /**
     * Evicts the least recently used entries of the namespace until both limits hold, and returns how many went. What is pinned stays, and so does
     * what this host holds, as long as the limits leave room for it.
     *
     * @throws dev.spillway.api.ProblemException of {@link dev.spillway.api.ProblemType#PLAN_NEEDED} when more than the namespace's share would go
     */
    long prune(long maxEntries, long maxBytes) throws InterruptedException;

    /** Returns what this host serves, in the order of the keys. */
    List<CachedDirectories.Listed> list() throws InterruptedException;

    /** Returns how much this host serves. */
    CachedDirectories.Stats stats() throws InterruptedException;

    /**
     * A stored tree.
     *
     * @param path    where it is; held by nobody, so {@link #get} it to read it
     * @param evicted what went to make room, from all hosts, oldest first
     */
    record Put(Path path, String snapshotId, long generation, long sizeBytes, List<EvictedEntry> evicted) {}
}
