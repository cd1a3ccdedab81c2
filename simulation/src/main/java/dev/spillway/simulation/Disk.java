package dev.spillway.simulation;

import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.worker.core.Hold;
import dev.spillway.worker.core.IndexChange;
import dev.spillway.worker.core.IndexContents;
import dev.spillway.worker.core.KeptRequest;
import dev.spillway.worker.core.Membership;
import dev.spillway.worker.core.Position;
import dev.spillway.worker.core.ReplicaRecord;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One store: what survives its process. It can be copied, and parts of it can be lost. */
final class Disk {
    private final StoreId storeId;
    private final Map<ReplicaId, ReplicaRecord> index = new LinkedHashMap<>();
    private final Map<UUID, Hold> holds = new LinkedHashMap<>();
    private final Map<String, KeptRequest> requests = new LinkedHashMap<>();
    private Membership membership = Membership.NONE;
    private @Nullable Position position;
    private final Map<ReplicaId, SnapshotId> images = new LinkedHashMap<>();
    private final Map<ReplicaId, SnapshotId> trash = new LinkedHashMap<>();
    private final Set<ReplicaId> damaged = new HashSet<>();

    Disk(StoreId storeId) {
        this.storeId = storeId;
    }

    StoreId storeId() {
        return storeId;
    }

    Map<ReplicaId, ReplicaRecord> index() {
        return index;
    }

    Membership membership() {
        return membership;
    }

    @Nullable
    Position position() {
        return position;
    }

    /** What each image's directory really has, by the id that it is named by: a replica that was readopted keeps the name of its first one. */
    Map<ReplicaId, SnapshotId> images() {
        return images;
    }

    Map<ReplicaId, SnapshotId> trash() {
        return trash;
    }

    /** Whether a fault, and not the worker, took the image of this name. */
    boolean isDamaged(ReplicaId id) {
        return damaged.contains(id);
    }

    void damage(ReplicaId id) {
        if (images.remove(id) != null) {
            damaged.add(id);
        }
    }

    /** Takes all images away, as when their volume is not mounted. */
    Map<ReplicaId, SnapshotId> unmount() {
        Map<ReplicaId, SnapshotId> volume = new LinkedHashMap<>(images);
        damaged.addAll(images.keySet());
        images.clear();
        return volume;
    }

    /** Brings them back; what was stored in their place meanwhile is behind the mount. */
    void mount(Map<ReplicaId, SnapshotId> volume) {
        damaged.addAll(images.keySet());
        images.clear();
        images.putAll(volume);
        damaged.removeAll(volume.keySet());
    }

    /** A copy of the whole store as it is now. What the index does not know yet is not in it. */
    Disk copy() {
        Disk copy = new Disk(storeId);
        copy.index.putAll(index);
        copy.holds.putAll(holds);
        copy.requests.putAll(requests);
        copy.membership = membership;
        copy.position = position;
        Set<ReplicaId> named = index.values().stream().map(ReplicaRecord::image).collect(Collectors.toSet());
        images.forEach((id, image) -> {
            if (named.contains(id)) {
                copy.images.put(id, image);
            }
        });
        copy.trash.putAll(trash);
        copy.damaged.addAll(damaged);
        return copy;
    }

    /** What the index has of an image. */
    @Nullable
    ReplicaRecord ofImage(ReplicaId image) {
        return index.values().stream().filter(replica -> replica.image().equals(image)).findFirst().orElse(null);
    }

    /** The replica that the registry may know by this id already: its own, or the one that it is to go on under. */
    @Nullable
    ReplicaRecord known(ReplicaId id) {
        ReplicaRecord own = index.get(id);
        return own != null ? own
                : index.values()
                        .stream()
                        .filter(replica -> replica.readoption() != null && replica.readoption().id().equals(id))
                        .findFirst()
                        .orElse(null);
    }

    /** The request that a replica came with. */
    Optional<KeptRequest.Put> requestOf(ReplicaId replica) {
        return requests.values()
                .stream().<KeptRequest.Put>mapMulti((request, puts) -> {
                    if (request instanceof KeptRequest.Put put && put.replicaId().equals(replica)) {
                        puts.accept(put);
                    }
                })
                .findFirst();
    }

    IndexContents load() {
        return new IndexContents(membership, position, List.copyOf(index.values()), List.copyOf(holds.values()),
                List.copyOf(requests.values()));
    }

    void store(IndexChange change) {
        switch (change) {
            case IndexChange.PutReplica put -> index.put(put.replica().id(), put.replica());
            case IndexChange.RemoveReplica remove -> index.remove(remove.id());
            case IndexChange.PutHold put -> holds.put(put.hold().id(), put.hold());
            case IndexChange.RemoveHold remove -> holds.remove(remove.id());
            case IndexChange.PutMembership put -> membership = put.membership();
            case IndexChange.PutPosition put -> position = put.position();
            case IndexChange.PutRequest put -> requests.put(put.request().key(), put.request());
            case IndexChange.RemoveRequest remove -> requests.remove(remove.key());
        }
    }
}
