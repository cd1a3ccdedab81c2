package dev.spillway.worker.host;

import dev.spillway.events.ReplicaId;
import dev.spillway.worker.core.model.ImageBackend;
import dev.spillway.worker.core.model.IndexContents;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import dev.spillway.worker.core.model.UnlinkOutcome;
import dev.spillway.worker.filesystem.store.GiveBackOutcome;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.filesystem.store.StoreArea;
import java.io.IOException;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The trees on the disk, compared with the index at the start. A put that had not reached the index ends here: its tree is deleted, or given back to
 * the owner if it came by move.
 *
 * @param present   images that are in their places, by their names on the disk
 * @param moved     replicas whose trees came by move and still belong to their owners
 * @param leftovers images without a record, to be moved to the trash and unlinked
 */
public record Recovery(Set<ReplicaId> present, Set<ReplicaId> moved, Set<ReplicaId> leftovers) {
    private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

    /** Compares the disk with the index, and mends what has to be mended before the host starts. */
    public static Recovery of(ImageStore store, ImageBackend artifacts, IndexContents contents) throws IOException, InterruptedException {
        Map<ReplicaId, ReplicaRecord> records = new HashMap<>();
        contents.replicas()
                .stream()
                .filter(replica -> replica.artifact() == null)
                .forEach(replica -> records.put(replica.image(), replica));
        Set<ReplicaId> moved = new HashSet<>();
        Set<String> kept = new HashSet<>();
        for (String id : store.offered()) {
            endMove(store, id, records.get(ReplicaId.parse(id)), moved, kept);
        }
        for (String id : store.ids(StoreArea.STAGING)) {
            if (!kept.contains(id) && store.discardStaged(id) instanceof UnlinkOutcome.Incomplete incomplete) {
                LOG.warn("staging/{}: {} entries stay: {}", id, incomplete.failureCount(), incomplete.failures());
            }
        }
        Set<ReplicaId> present = new HashSet<>();
        Set<ReplicaId> leftovers = new LinkedHashSet<>();
        for (String id : store.ids(StoreArea.IMAGES)) {
            ReplicaRecord replica = records.get(ReplicaId.parse(id));
            if (kept.contains(id)) {
                continue;
            }
            if (replica == null || replica.state() == ReplicaState.GONE) {
                leftovers.add(ReplicaId.parse(id));
            } else {
                present.add(replica.image());
            }
        }
        for (String id : store.ids(StoreArea.TRASH)) {
            ReplicaRecord replica = records.get(ReplicaId.parse(id));
            if (!kept.contains(id) && (replica == null || replica.state() == ReplicaState.GONE)) {
                leftovers.add(ReplicaId.parse(id));
            }
        }
        backIntoTrash(store, contents, present);
        Set<ReplicaId> unnamed = artifacts.inventory();
        for (ReplicaRecord replica : contents.replicas()) {
            if (replica.artifact() != null && replica.state() != ReplicaState.GONE && unnamed.remove(replica.image())) {
                present.add(replica.image());
            }
        }
        leftovers.addAll(unnamed);
        if (!leftovers.isEmpty()) {
            LOG.info("{} images that no record names are removed", leftovers.size());
        }
        return new Recovery(Collections.unmodifiableSet(present), Set.copyOf(moved), leftovers);
    }

    /** Ends a move, if the index tells how. A tree that cannot be given back stays where it is. */
    private static void endMove(ImageStore store, String id, @Nullable ReplicaRecord replica, Set<ReplicaId> moved, Set<String> kept)
            throws InterruptedException, IOException {
        if (replica == null) {
            try {
                GiveBackOutcome outcome = store.giveBack(id);
                LOG.info("{}: was offered by move and not registered, its source: {}", id, outcome);
            } catch (IOException e) {
                kept.add(id);
                LOG.error(
                        "{}: was offered by move and not registered, and cannot be given back, so it stays in the store: {}",
                        id,
                        e.getMessage());
            }
            return;
        }
        switch (replica.state()) {
            case PENDING -> moved.add(replica.image());
            case LIVE, HIDDEN, GONE -> LOG.info("{}: was offered by move and is registered, its source: {}", id, store.settle(id));
            case DOOMED, TRASH -> {
                if (replica.ordered()) {
                    LOG.info("{}: was offered by move and registered, its source: {}", id, store.settle(id));
                } else {
                    moved.add(replica.image());
                }
            }
        }
    }

    /** Moves images into the trash if their record says that they are there. Disk and index disagree if one of them was restored. */
    private static void backIntoTrash(ImageStore store, IndexContents contents, Set<ReplicaId> present)
            throws IOException, InterruptedException {
        List<String> late = contents.replicas()
                .stream()
                .filter(replica -> replica.state() == ReplicaState.TRASH && present.contains(replica.image()))
                .map(replica -> replica.image().toString())
                .toList();
        if (!late.isEmpty()) {
            LOG.warn("trees that should be in the trash: {}", store.toTrash(late));
        }
    }
}
