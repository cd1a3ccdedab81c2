package dev.spillway.worker.filesystem;

import dev.spillway.events.ReplicaId;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** The directory trees of a store as images of replicas. Thread-safe. */
public final class DirectoryImages implements Images {
    private final ImageStore store;

    public DirectoryImages(ImageStore store) {
        this.store = store;
    }

    @Override
    public Set<ReplicaId> inventory() throws IOException, InterruptedException {
        Set<ReplicaId> ids = new HashSet<>();
        store.ids(StoreArea.IMAGES).forEach(id -> ids.add(ReplicaId.parse(id)));
        return ids;
    }

    @Override
    public boolean has(ReplicaId id) throws IOException {
        return store.has(id.toString());
    }

    @Override
    public Map<ReplicaId, TrashOutcome> toTrash(Collection<ReplicaId> ids) throws IOException, InterruptedException {
        Map<ReplicaId, TrashOutcome> outcomes = new HashMap<>();
        store.toTrash(ids.stream().map(ReplicaId::toString).toList()).forEach((id, outcome) -> outcomes.put(ReplicaId.parse(id), outcome));
        return outcomes;
    }

    @Override
    public UnlinkOutcome unlink(ReplicaId id, UnlinkPace pace) throws IOException, InterruptedException {
        return store.unlink(id.toString(), pace);
    }
}
