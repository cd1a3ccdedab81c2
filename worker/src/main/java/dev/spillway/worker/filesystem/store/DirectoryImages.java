package dev.spillway.worker.filesystem.store;

import dev.spillway.events.ReplicaId;
import dev.spillway.worker.core.model.ImageBackend;
import dev.spillway.worker.core.model.TrashOutcome;
import dev.spillway.worker.core.model.UnlinkOutcome;
import dev.spillway.worker.filesystem.unlink.UnlinkPace;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** The directory trees of a store as images of replicas. Thread-safe. */
public final class DirectoryImages implements ImageBackend {
    private final ImageStore store;
    private final UnlinkPace pace;

    /** @param pace rate limit of all unlinking */
    public DirectoryImages(ImageStore store, UnlinkPace pace) {
        this.store = store;
        this.pace = pace;
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
    public UnlinkOutcome unlink(ReplicaId id) throws IOException, InterruptedException {
        return store.unlink(id.toString(), pace);
    }
}
