package dev.spillway.artifacts;

import java.io.Serial;
import java.util.Comparator;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Keeps artifacts in memory, and loses them when it is closed. It is split by fingerprint into shards. Each shard has its share of the limits and
 * evicts its least recently used artifacts. A hit allocates nothing.
 */
public final class MemoryArtifactStore extends CompilingStore {
    private static final int SHARDS_MAX = 64;
    /** Smallest number of entries per shard. With fewer, fingerprints would spread too unevenly over the shards. */
    private static final int SHARD_ENTRIES_MIN = 512;

    private final Shard[] shards;
    private final long maxArtifactBytes;

    /** Creates a store with 64 shards, or fewer if a shard would hold too few artifacts, or not even one of the largest size. */
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
        return counted(peek(fingerprint));
    }

    @Override
    protected Optional<Artifact> peek(Fingerprint fingerprint) {
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
        ArtifactMetrics sum = counts();
        for (Shard shard : shards) {
            sum = sum.plus(shard.metrics());
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

    /**
     * An artifact, with the time of its last use by its shard's clock. It keeps the answer of a lookup as an object, so that a hit allocates nothing.
     */
    private static final class Entry extends AtomicLong {
        @Serial
        private static final long serialVersionUID = 1L;

        private final transient Fingerprint fingerprint;
        private final transient Optional<Artifact> artifact;
        private final long size;
        /** Time by which the shard's order sorts it. Its last use may be later. */
        private long listed;

        Entry(Fingerprint fingerprint, Artifact artifact, long now) {
            super(now);
            this.fingerprint = fingerprint;
            this.artifact = Optional.of(artifact);
            this.size = artifact.size();
            this.listed = now;
        }
    }

    /**
     * Evicts exactly in the order of use, although a hit takes no lock and only notes the time. The order sorts entries by a time that is never later
     * than their last use. An eviction takes the first entry; if its last use is later, it moves the entry to that time instead. So each hit causes
     * one move at most.
     */
    private static final class Shard {
        private final long maxEntries;
        private final long maxBytes;
        private final ConcurrentHashMap<Fingerprint, Entry> artifacts = new ConcurrentHashMap<>();
        private final TreeSet<Entry> order = new TreeSet<>(Comparator.comparingLong(entry -> entry.listed));
        private final AtomicLong clock = new AtomicLong();
        private long bytes;
        private long puts;
        private long rejected;
        private long evictions;
        private long evictedBytes;

        Shard(long maxEntries, long maxBytes) {
            this.maxEntries = maxEntries;
            this.maxBytes = maxBytes;
        }

        Optional<Artifact> peek(Fingerprint fingerprint) {
            Entry entry = artifacts.get(fingerprint);
            if (entry == null) {
                return Optional.empty();
            }
            entry.accumulateAndGet(clock.incrementAndGet(), Math::max);
            return entry.artifact;
        }

        synchronized boolean put(Fingerprint fingerprint, Artifact artifact, long maxArtifactBytes) {
            if (artifact.size() > Math.min(maxBytes, maxArtifactBytes)) {
                rejected++;
                return false;
            }
            Entry entry = new Entry(fingerprint, artifact, clock.incrementAndGet());
            forget(artifacts.put(fingerprint, entry));
            order.add(entry);
            bytes += entry.size;
            puts++;
            while (artifacts.size() > maxEntries || bytes > maxBytes) {
                evict(order.first());
            }
            return true;
        }

        private void evict(Entry eldest) {
            long lastUse = eldest.get();
            if (lastUse > eldest.listed) {
                order.remove(eldest);
                eldest.listed = lastUse;
                order.add(eldest);
            } else {
                remove(eldest.fingerprint);
                evictions++;
                evictedBytes += eldest.size;
            }
        }

        synchronized boolean remove(Fingerprint fingerprint) {
            return forget(artifacts.remove(fingerprint));
        }

        private boolean forget(@Nullable Entry entry) {
            if (entry == null) {
                return false;
            }
            order.remove(entry);
            bytes -= entry.size;
            return true;
        }

        synchronized ArtifactMetrics metrics() {
            return new ArtifactMetrics(0, 0, 0, 0, puts, rejected, evictions, evictedBytes, 0, 0, bytes, artifacts.size());
        }

        synchronized void clear() {
            artifacts.clear();
            order.clear();
            bytes = 0;
        }
    }
}
