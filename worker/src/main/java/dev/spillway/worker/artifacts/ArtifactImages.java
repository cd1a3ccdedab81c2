package dev.spillway.worker.artifacts;

import dev.spillway.artifacts.Artifact;
import dev.spillway.artifacts.ArtifactContent;
import dev.spillway.artifacts.ArtifactLimits;
import dev.spillway.artifacts.ArtifactMetrics;
import dev.spillway.artifacts.ArtifactUpload;
import dev.spillway.artifacts.DiskArtifactStore;
import dev.spillway.artifacts.Fingerprint;
import dev.spillway.artifacts.LayeredArtifactStore;
import dev.spillway.artifacts.MemoryArtifactStore;
import dev.spillway.events.ReplicaId;
import dev.spillway.worker.core.model.ImageBackend;
import dev.spillway.worker.core.model.TrashOutcome;
import dev.spillway.worker.core.model.UnlinkOutcome;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Stores the contents of a host's artifacts: all on the disk, and those used last also in memory. Each content is named by its replica id, so
 * replicas never share one, and an order deletes the content of its own replica alone. The registry alone evicts; a content that does not fit is
 * refused here. Thread-safe.
 */
public final class ArtifactImages implements ImageBackend, AutoCloseable {
    /** From this size on, an artifact is sent from its file and is not kept in memory: copying it would cost more than verifying its checksum. */
    private static final long FROM_FILE = 128 << 10;

    private final MemoryArtifactStore memory;
    private final DiskArtifactStore disk;
    private final LayeredArtifactStore layers;
    private final long maxBytes;
    private final long maxArtifactBytes;
    /** Images that are moved to the trash and not unlinked yet. No reader gets them. */
    private final Set<ReplicaId> trash = ConcurrentHashMap.newKeySet();
    /** Bytes of puts under way. They count as kept; otherwise many puts at once would exceed the limit, and the store on the disk would evict. */
    private final AtomicLong arriving = new AtomicLong();
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();
    private final LongAdder rejected = new LongAdder();

    /**
     * The bounds of a host's artifacts.
     *
     * @param maxBytes bytes of all artifacts on the disk
     * @param maxArtifactBytes bytes of one artifact
     * @param memoryBytes bytes of the copies in memory
     */
    public record Limits(long maxBytes, long maxArtifactBytes, long memoryBytes) {}

    private ArtifactImages(MemoryArtifactStore memory, DiskArtifactStore disk, Limits limits) {
        this.memory = memory;
        this.disk = disk;
        this.layers = new LayeredArtifactStore(List.of(memory, disk), LayeredArtifactStore.Writes.THROUGH);
        this.maxBytes = limits.maxBytes();
        this.maxArtifactBytes = limits.maxArtifactBytes();
    }

    /**
     * Opens the artifacts in a directory, which is made if it is missing.
     *
     * @throws IOException if another process has it open, or it holds something else
     */
    public static ArtifactImages open(Path directory, Limits limits) throws IOException {
        // The store on the disk never reaches its own limit, because put refuses before that.
        var disk = DiskArtifactStore.open(
                directory,
                new ArtifactLimits(Long.MAX_VALUE, limits.maxBytes() + 2 * limits.maxArtifactBytes(), limits.maxArtifactBytes()));
        var memory = new MemoryArtifactStore(
                new ArtifactLimits(Long.MAX_VALUE, limits.memoryBytes(), Math.min(FROM_FILE, limits.memoryBytes())));
        return new ArtifactImages(memory, disk, limits);
    }

    /** Returns the largest size of one artifact, in bytes. */
    public long maxArtifactBytes() {
        return maxArtifactBytes;
    }

    /** Bytes of an artifact that arrives, which count as kept. Used by one thread at a time. */
    public final class Reservation implements AutoCloseable {
        private long bytes;

        /** Reserves more, and returns whether there was room for that. */
        public boolean extend(long more) {
            if (disk.metrics().cachedBytes() + arriving.addAndGet(more) > maxBytes) {
                arriving.addAndGet(-more);
                rejected.increment();
                return false;
            }
            bytes += more;
            return true;
        }

        public long bytes() {
            return bytes;
        }

        @Override
        public void close() {
            arriving.addAndGet(-bytes);
            bytes = 0;
        }
    }

    /** Returns a reservation of 0 bytes. */
    public Reservation reservation() {
        return new Reservation();
    }

    /** Begins to receive an artifact in a file of the store. */
    public ArtifactUpload upload() throws IOException {
        return disk.upload();
    }

    /**
     * Keeps the content of a replica. It survives a loss of power after the next {@link #flush}.
     *
     * @return whether there was room for it
     */
    public boolean put(ReplicaId id, ReceivedArtifact received) throws IOException {
        return switch (received) {
            case ReceivedArtifact.InMemory(Artifact content, _) -> put(id, content);
            case ReceivedArtifact.InFile file -> disk.put(named(id), file.upload());
        };
    }

    /** Does what {@link #put(ReplicaId, ReceivedArtifact)} does with a content in memory. */
    public boolean put(ReplicaId id, Artifact content) throws IOException {
        try (Reservation counted = reservation()) {
            return content.size() <= maxArtifactBytes && counted.extend(content.size())
                    && (content.size() < FROM_FILE ? layers : disk).put(named(id), content);
        }
    }

    /** Returns the content of a replica, if it is there and undamaged. The caller closes a content in a file. */
    public Optional<ArtifactContent> get(ReplicaId id) throws IOException {
        if (trash.contains(id)) {
            return Optional.empty();
        }
        Fingerprint name = named(id);
        return disk.sizeOf(name).orElse(0) < FROM_FILE ? layers.get(name).map(content -> content)
                : disk.open(name).map(content -> content);
    }

    /** Returns the content of a replica if it is in memory. Never blocks. */
    public Optional<Artifact> inMemory(ReplicaId id) {
        return trash.contains(id) ? Optional.empty() : memory.get(named(id));
    }

    /** Counts a lookup of a caller. */
    public void lookedUp(boolean hit) {
        (hit ? hits : misses).increment();
    }

    /** Makes all that was put before survive a loss of power. */
    public void flush() throws IOException {
        layers.flush();
    }

    /** Returns the figures of this host's artifacts since the start. Lookups are those of callers. */
    public ArtifactMetrics metrics() {
        ArtifactMetrics stored = disk.metrics();
        return new ArtifactMetrics(
                hits.sum() + misses.sum(),
                hits.sum(),
                misses.sum(),
                stored.damaged(),
                stored.puts(),
                rejected.sum(),
                stored.evictions(),
                stored.evictedBytes(),
                stored.flushes(),
                stored.flushErrors(),
                stored.cachedBytes(),
                stored.entries());
    }

    @Override
    public Set<ReplicaId> inventory() {
        Set<ReplicaId> ids = new HashSet<>();
        disk.fingerprints().forEach(fingerprint -> ids.add(id(fingerprint)));
        ids.removeAll(trash);
        return ids;
    }

    @Override
    public boolean has(ReplicaId id) {
        return disk.contains(named(id));
    }

    @Override
    public Map<ReplicaId, TrashOutcome> toTrash(Collection<ReplicaId> ids) {
        Map<ReplicaId, TrashOutcome> outcomes = new HashMap<>();
        for (ReplicaId id : ids) {
            if (!has(id)) {
                outcomes.put(id, new TrashOutcome.Absent());
            } else {
                outcomes.put(id, trash.add(id) ? new TrashOutcome.Moved() : new TrashOutcome.AlreadyInTrash());
            }
        }
        return outcomes;
    }

    @Override
    public UnlinkOutcome unlink(ReplicaId id) throws IOException {
        if (!trash.contains(id)) {
            return new UnlinkOutcome.Absent();
        }
        long size = disk.sizeOf(named(id)).orElse(-1);
        boolean removed = layers.remove(named(id));
        trash.remove(id);
        return removed ? new UnlinkOutcome.Unlinked(Math.max(0, size), 1) : new UnlinkOutcome.Absent();
    }

    /** Returns the fingerprint that names a replica's content. The replica id fills half of it. */
    private static Fingerprint named(ReplicaId id) {
        return Fingerprint.of(
                ByteBuffer.allocate(Fingerprint.BYTES)
                        .putLong(id.value().getMostSignificantBits())
                        .putLong(id.value().getLeastSignificantBits())
                        .array());
    }

    private static ReplicaId id(Fingerprint fingerprint) {
        ByteBuffer bytes = ByteBuffer.wrap(fingerprint.toByteArray());
        return new ReplicaId(new UUID(bytes.getLong(), bytes.getLong()));
    }

    @Override
    public void close() throws IOException {
        layers.close();
    }
}
