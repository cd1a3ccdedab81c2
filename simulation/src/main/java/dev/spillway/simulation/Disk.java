package dev.spillway.simulation;

import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.worker.core.model.Hold;
import dev.spillway.worker.core.model.IndexChange;
import dev.spillway.worker.core.model.IndexContents;
import dev.spillway.worker.core.model.KeptRequest;
import dev.spillway.worker.core.model.Membership;
import dev.spillway.worker.core.model.OrderPosition;
import dev.spillway.worker.core.model.ReplicaRecord;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The disk of one store, which survives its process. It can be copied, and parts of it can be lost. */
final class Disk {
    private final StoreId storeId;
    private final Map<ReplicaId, ReplicaRecord> index = new LinkedHashMap<>();
    private final Map<UUID, Hold> holds = new LinkedHashMap<>();
    private final Map<String, KeptRequest> requests = new LinkedHashMap<>();
    private Membership membership = Membership.NONE;
    private @Nullable OrderPosition position;
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
    OrderPosition position() {
        return position;
    }

    /** Returns the content of each image's directory by its name. The directory of a readopted replica keeps the name of its first id. */
    Map<ReplicaId, SnapshotId> images() {
        return images;
    }

    Map<ReplicaId, SnapshotId> trash() {
        return trash;
    }

    /** Returns whether a fault, and not the worker, removed or damaged the image of this name. */
    boolean isDamaged(ReplicaId id) {
        return damaged.contains(id);
    }

    void damage(ReplicaId id) {
        if (images.remove(id) != null) {
            damaged.add(id);
        }
    }

    /** Removes all images, as if their volume were not mounted. */
    Map<ReplicaId, SnapshotId> unmount() {
        Map<ReplicaId, SnapshotId> volume = new LinkedHashMap<>(images);
        damaged.addAll(images.keySet());
        images.clear();
        return volume;
    }

    /** Restores the images of a volume. Images that were stored in the meantime are hidden by the mount. */
    void mount(Map<ReplicaId, SnapshotId> volume) {
        damaged.addAll(images.keySet());
        images.clear();
        images.putAll(volume);
        damaged.removeAll(volume.keySet());
    }

    /** Returns a copy of the whole store, without images that the index does not have yet. */
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

    /** Returns the index's record of an image; null if there is none. */
    @Nullable
    ReplicaRecord ofImage(ReplicaId image) {
        return index.values().stream().filter(replica -> replica.image().equals(image)).findFirst().orElse(null);
    }

    /** Returns the replica that the registry may know by this id: its present one, or the one that it gets by readoption. */
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

    /** Returns the request with which a replica was put. */
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
        return new IndexContents(
                membership,
                position,
                List.copyOf(index.values()),
                List.copyOf(holds.values()),
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
