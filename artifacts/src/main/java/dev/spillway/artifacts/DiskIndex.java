package dev.spillway.artifacts;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The places of a store's artifacts in the order of use, the least recently used first. It finds the artifacts beyond the limits. Thread-safe. */
final class DiskIndex {
    /**
     * The place of an artifact.
     *
     * @param file the file with its content; absent if the record has the content
     */
    record Place(Segment segment, SegmentRecord record, @Nullable LargeFile file) {
        Fingerprint fingerprint() {
            return record.fingerprint();
        }

        /** Returns the length of the artifact. */
        long size() {
            return file == null ? record.length() : file.size();
        }

        long fileBytes() {
            return file == null ? 0 : file.size();
        }
    }

    /** The place of an artifact in the index, which a compaction changes. It is small, because there is one per artifact. Guarded by the index. */
    static final class Stored {
        private Segment segment;
        private SegmentRecord record;
        private final @Nullable LargeFile file;

        Stored(Place place) {
            this.segment = place.segment();
            this.record = place.record();
            this.file = place.file();
        }

        private Place place() {
            return new Place(segment, record, file);
        }

        /** Returns whether the artifact is in this record. */
        boolean isIn(SegmentRecord other) {
            return record.equals(other);
        }
    }

    private final ArtifactLimits limits;
    private final LinkedHashMap<Fingerprint, Stored> artifacts = new LinkedHashMap<>(16, 0.75f, true);
    private long packedBytes;
    private long fileBytes;
    private long evictions;
    private long evictedBytes;

    DiskIndex(ArtifactLimits limits) {
        this.limits = limits;
    }

    /** Returns the place of an artifact, and counts a use; null if there is none. */
    synchronized @Nullable Place place(Fingerprint fingerprint) {
        Stored stored = artifacts.get(fingerprint);
        return stored == null ? null : stored.place();
    }

    boolean isAt(Place place) {
        return place.equals(place(place.fingerprint()));
    }

    synchronized boolean contains(Fingerprint fingerprint) {
        return artifacts.containsKey(fingerprint);
    }

    synchronized OptionalLong sizeOf(Fingerprint fingerprint) {
        Place place = place(fingerprint);
        return place == null ? OptionalLong.empty() : OptionalLong.of(place.size());
    }

    synchronized Set<Fingerprint> fingerprints() {
        return Set.copyOf(artifacts.keySet());
    }

    /** Returns the places of artifacts with files of their own. */
    synchronized List<Place> large() {
        return artifacts.values().stream().filter(stored -> stored.file != null).map(Stored::place).toList();
    }

    /** Adds an artifact, and returns its former place; null if it had none. */
    synchronized @Nullable Place put(Place place) {
        place.segment().live(place.record());
        packedBytes += place.record().space();
        fileBytes += place.fileBytes();
        return forget(artifacts.put(place.fingerprint(), new Stored(place)));
    }

    /** Removes an artifact, and returns its place; null if it had none. */
    synchronized @Nullable Place remove(Fingerprint fingerprint) {
        return forget(artifacts.remove(fingerprint));
    }

    private @Nullable Place forget(@Nullable Stored stored) {
        if (stored == null) {
            return null;
        }
        Place place = stored.place();
        place.segment().dead(place.record());
        packedBytes -= place.record().space();
        fileBytes -= place.fileBytes();
        return place;
    }

    /** Removes artifacts until the limits are met, the least recently used first. */
    synchronized List<Place> evict() {
        List<Place> evicted = new ArrayList<>();
        while (artifacts.size() > limits.maxEntries() || packedBytes + fileBytes > limits.maxBytes()) {
            Place place = forget(artifacts.pollFirstEntry().getValue());
            if (place != null) {
                evictions++;
                evictedBytes += place.size();
                evicted.add(place);
            }
        }
        return evicted;
    }

    /** Returns the artifacts in a segment. It scans the whole index, because a lookup of a single artifact would count as a use. */
    synchronized Map<Fingerprint, Stored> in(Segment segment) {
        Map<Fingerprint, Stored> found = new HashMap<>();
        artifacts.forEach((fingerprint, stored) -> {
            if (stored.segment == segment) {
                found.put(fingerprint, stored);
            }
        });
        return found;
    }

    /** Gives an artifact the place of a copy of its record. Does not count as a use. */
    synchronized void move(Stored stored, Segment segment, SegmentRecord copy) {
        stored.segment.dead(stored.record);
        segment.live(copy);
        stored.segment = segment;
        stored.record = copy;
    }

    /** Returns the bytes that records take. */
    synchronized long packedBytes() {
        return packedBytes;
    }

    synchronized ArtifactMetrics metrics() {
        return new ArtifactMetrics(0, 0, 0, 0, 0, 0, evictions, evictedBytes, 0, 0, packedBytes + fileBytes, artifacts.size());
    }
}
