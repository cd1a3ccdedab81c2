package dev.spillway.artifacts;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps artifacts in memory, and loses them when it is closed. Split by fingerprint into shards, each of which has its share of the limits and evicts
 * its least recently used. A hit allocates nothing.
 */
public final class MemoryArtifactStore extends CompilingStore {
    private static final int SHARDS_MAX = 64;
    /** Fewer entries make the shares of shards too uneven. */
    private static final int SHARD_ENTRIES_MIN = 512;

    private final Shard[] shards;
    private final long maxArtifactBytes;

    /** A store of as many shards as the limits allow: 64, or fewer if a shard would hold too few artifacts or not the largest one. */
    public MemoryArtifactStore(ArtifactLimits limits) {
        this(limits, shards(limits));
    }

    /**
     * @param shards power of two
     */
    MemoryArtifactStore(ArtifactLimits limits, int shards) {
        this.shards = new Shard[shards];
        this.maxArtifactBytes = limits.maxArtifactBytes();
        for (int i = 0; i < shards; i++) {
            this.shards[i] = new Shard(share(limits.maxEntries(), shards, i), share(limits.maxBytes(), shards, i));
        }
    }

    private static int shards(ArtifactLimits limits) {
        long byEntries = limits.maxEntries() / SHARD_ENTRIES_MIN;
        long byBytes = limits.maxBytes() / Math.max(1, limits.maxArtifactBytes());
        return Integer.highestOneBit(Math.clamp(Math.min(byEntries, byBytes), 1, SHARDS_MAX));
    }

    private static long share(long whole, int shards, int shard) {
        return whole / shards + (shard < whole % shards ? 1 : 0);
    }

    private Shard shard(Fingerprint fingerprint) {
        return shards[(int) (fingerprint.mixed() >>> 32) & (shards.length - 1)];
    }

    @Override
    public Optional<Artifact> get(Fingerprint fingerprint) {
        return shard(fingerprint).get(fingerprint);
    }

    @Override
    Optional<Artifact> peek(Fingerprint fingerprint) {
        return shard(fingerprint).peek(fingerprint);
    }

    @Override
    public boolean put(Fingerprint fingerprint, Artifact artifact) {
        return shard(fingerprint).put(fingerprint, artifact, maxArtifactBytes);
    }

    @Override
    public boolean remove(Fingerprint fingerprint) {
        return shard(fingerprint).remove(fingerprint);
    }

    /** Does nothing: memory survives no crash. */
    @Override
    public void flush() {}

    @Override
    public ArtifactMetrics metrics() {
        ArtifactMetrics sum = shards[0].metrics();
        for (int i = 1; i < shards.length; i++) {
            sum = sum.plus(shards[i].metrics());
        }
        return sum;
    }

    /** Forgets all artifacts. */
    @Override
    public void close() {
        for (Shard shard : shards) {
            shard.clear();
        }
    }

    private static final class Shard {
        private final long maxEntries;
        private final long maxBytes;
        /** In the order of use, the least recent first. Values are kept as they are answered, so that a hit allocates nothing. */
        private final LinkedHashMap<Fingerprint, Optional<Artifact>> artifacts = new LinkedHashMap<>(16, 0.75f, true);
        private long bytes;
        private long hits;
        private long misses;
        private long puts;
        private long rejected;
        private long evictions;
        private long evictedBytes;

        Shard(long maxEntries, long maxBytes) {
            this.maxEntries = maxEntries;
            this.maxBytes = maxBytes;
        }

        synchronized Optional<Artifact> get(Fingerprint fingerprint) {
            Optional<Artifact> found = peek(fingerprint);
            if (found.isPresent()) {
                hits++;
            } else {
                misses++;
            }
            return found;
        }

        @SuppressWarnings("OptionalAssignedToNull") // a map says null for what it does not have
        synchronized Optional<Artifact> peek(Fingerprint fingerprint) {
            Optional<Artifact> found = artifacts.get(fingerprint);
            return found == null ? Optional.empty() : found;
        }

        synchronized boolean put(Fingerprint fingerprint, Artifact artifact, long maxArtifactBytes) {
            if (artifact.size() > Math.min(maxBytes, maxArtifactBytes)) {
                rejected++;
                return false;
            }
            remove(fingerprint);
            artifacts.put(fingerprint, Optional.of(artifact));
            bytes += artifact.size();
            puts++;
            while (artifacts.size() > maxEntries || bytes > maxBytes) {
                Map.Entry<Fingerprint, Optional<Artifact>> eldest = artifacts.pollFirstEntry();
                evictions++;
                evictedBytes += eldest.getValue().orElseThrow().size();
                bytes -= eldest.getValue().orElseThrow().size();
            }
            return true;
        }

        synchronized boolean remove(Fingerprint fingerprint) {
            Optional<Artifact> removed = artifacts.containsKey(fingerprint) ? artifacts.remove(fingerprint) : Optional.empty();
            removed.ifPresent(artifact -> bytes -= artifact.size());
            return removed.isPresent();
        }

        synchronized ArtifactMetrics metrics() {
            return new ArtifactMetrics(hits + misses, hits, misses, 0, puts, rejected, evictions, evictedBytes, 0, 0, bytes,
                    artifacts.size());
        }

        synchronized void clear() {
            artifacts.clear();
            bytes = 0;
        }
    }
}
