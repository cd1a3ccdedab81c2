package dev.spillway.worker.host;

import dev.spillway.events.ReplicaId;
import dev.spillway.worker.core.model.ImageBackend;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.core.model.TrashOutcome;
import dev.spillway.worker.core.model.UnlinkOutcome;
import dev.spillway.worker.filesystem.store.DirectoryImages;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.filesystem.store.SettleOutcome;
import dev.spillway.worker.filesystem.unlink.UnlinkPace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes images. One thread moves them into the trash, all waiting ones with one sync. It first settles a pending move of the replica, so that the
 * steps of one replica happen in order. A few other threads unlink. Thread-safe.
 */
public final class Removals implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Removals.class);
    private static final int RENAMED_AT_ONCE = 256;

    /** Hears the outcomes of removals. */
    interface Results {
        void trashed(ReplicaId id);

        void unlinked(ReplicaId id, long bytesFreed);

        void failed(ReplicaId id, String why);
    }

    /**
     * Settings of unlinking.
     *
     * @param atOnce number of trees that are unlinked at the same time
     * @param pace   rate limit of all unlinking together
     */
    public record Unlinking(int atOnce, UnlinkPace pace) {}

    private sealed interface Task {
        /** @param report whether the agent is told the outcome; an image that the agent does not know is unlinked without it */
        record Trash(ReplicaId id, boolean report) implements Task {}

        record Settled(ReplicaId id, boolean registered, Runnable then) implements Task {}
    }

    private final ImageStore store;
    private final ImageBackend directories;
    private final ImageBackend artifacts;
    private final Predicate<ReplicaId> ordered;
    private final Results results;
    private final Semaphore unlinking;
    /** Trees that came by move and are neither settled nor given back. */
    private final Set<ReplicaId> moved = ConcurrentHashMap.newKeySet();
    private final Set<Thread> unlinkers = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final BlockingQueue<Task> tasks = new LinkedBlockingQueue<>();
    private final Thread renamer;

    /**
     * Starts the renaming thread.
     *
     * @param ordered tells whether an order names a replica, which proves that it was registered
     */
    Removals(ImageStore store, ImageBackend artifacts, Predicate<ReplicaId> ordered, Results results, Unlinking unlinking) {
        this.store = store;
        this.directories = new DirectoryImages(store, unlinking.pace());
        this.artifacts = artifacts;
        this.ordered = ordered;
        this.results = results;
        this.unlinking = new Semaphore(unlinking.atOnce());
        this.renamer = Thread.ofVirtual().name("rename").unstarted(this::rename);
        renamer.start();
    }

    /** Remembers that the tree still belongs to its owner. */
    public void offeredByMove(ReplicaId id) {
        moved.add(id);
    }

    /** Forgets a move whose tree is not in the store any more. */
    public void ended(ReplicaId id) {
        moved.remove(id);
    }

    /** Settles a pending move by the outcome of its replica, then runs {@code then}. */
    void settled(ReplicaId id, PutOutcome outcome, Runnable then) {
        if (moved.contains(id)) {
            tasks.add(new Task.Settled(id, outcome instanceof PutOutcome.Stored, then));
        } else {
            then.run();
        }
    }

    void toTrash(ReplicaId id) {
        tasks.add(new Task.Trash(id, true));
    }

    /** Removes an image that the agent does not know: of a put that ended before it was offered, or a leftover of a crash. */
    public void discard(ReplicaId id) {
        tasks.add(new Task.Trash(id, false));
    }

    void unlink(ReplicaId id) {
        unlink(id, true);
    }

    private void rename() {
        try {
            while (!closed.get()) {
                List<Task> waiting = new ArrayList<>(List.of(tasks.take()));
                tasks.drainTo(waiting, RENAMED_AT_ONCE - 1);
                carryOut(waiting);
            }
        } catch (InterruptedException e) {
            LOG.debug("renaming into the trash ends: {}", e.toString());
        }
    }

    private void carryOut(List<Task> waiting) throws InterruptedException {
        Map<ReplicaId, Task.Trash> toTrash = new LinkedHashMap<>();
        for (Task task : waiting) {
            switch (task) {
                case Task.Trash trash -> {
                    if (endMove(trash.id(), ordered.test(trash.id()))) {
                        toTrash.put(trash.id(), trash);
                    }
                }
                case Task.Settled(var id, var registered, var then) -> {
                    if (registered) {
                        endMove(id, true);
                    }
                    then.run();
                }
            }
        }
        if (toTrash.isEmpty()) {
            return;
        }
        try {
            Map<ReplicaId, TrashOutcome> outcomes = new HashMap<>();
            for (Map.Entry<ImageBackend, List<ReplicaId>> kind : byKind(toTrash.keySet()).entrySet()) {
                outcomes.putAll(kind.getKey().toTrash(kind.getValue()));
            }
            toTrash.forEach((id, trash) -> renamed(trash, outcomes.getOrDefault(id, new TrashOutcome.Absent())));
        } catch (IOException e) {
            toTrash.values().forEach(trash -> failed(trash, e));
        }
    }

    private Map<ImageBackend, List<ReplicaId>> byKind(Collection<ReplicaId> ids) throws IOException {
        Map<ImageBackend, List<ReplicaId>> byKind = new HashMap<>();
        for (ReplicaId id : ids) {
            byKind.computeIfAbsent(holderOf(id), kind -> new ArrayList<>()).add(id);
        }
        return byKind;
    }

    /** Returns the store that has an image; that of directories if none has it. */
    private ImageBackend holderOf(ReplicaId id) throws IOException {
        return artifacts.has(id) ? artifacts : directories;
    }

    private void renamed(Task.Trash trash, TrashOutcome outcome) {
        switch (outcome) {
            case TrashOutcome.Failed(var cause) -> failed(trash, cause);
            case TrashOutcome.Moved _, TrashOutcome.AlreadyInTrash _, TrashOutcome.Absent _ -> {
                if (trash.report()) {
                    results.trashed(trash.id());
                } else {
                    unlink(trash.id(), false);
                }
            }
        }
    }

    private void failed(Task.Trash trash, IOException cause) {
        LOG.warn("replica {}: not moved to the trash: {}", trash.id(), cause.getMessage());
        if (trash.report()) {
            results.failed(trash.id(), String.valueOf(cause.getMessage()));
        }
    }

    /** Settles a pending move, and returns whether that succeeded. A tree that cannot be given back stays, and is tried again. */
    private boolean endMove(ReplicaId id, boolean keep) throws InterruptedException {
        if (!moved.contains(id)) {
            return true;
        }
        try {
            if (keep) {
                if (store.settle(id.toString()) instanceof SettleOutcome.SourceKept(var source, var left)) {
                    LOG.warn("replica {}: its source {}: {}", id, source, left);
                }
            } else {
                LOG.info("replica {}: not registered, its source: {}", id, store.giveBack(id.toString()));
            }
            moved.remove(id);
            return true;
        } catch (IOException e) {
            LOG.error("replica {}: {} after a move failed: {}", id, keep ? "settling" : "giving back", e.getMessage());
            results.failed(id, String.valueOf(e.getMessage()));
            return false;
        }
    }

    private void unlink(ReplicaId id, boolean report) {
        Thread unlinker = Thread.ofVirtual().name("unlink-" + id).unstarted(() -> {
            try {
                unlinking.acquire();
                try {
                    unlinkNow(id, report);
                } finally {
                    unlinking.release();
                }
            } catch (InterruptedException e) {
                LOG.debug("unlinking {} ends: {}", id, e.toString());
            } finally {
                unlinkers.remove(Thread.currentThread());
            }
        });
        unlinkers.add(unlinker);
        if (!closed.get()) {
            unlinker.start();
        }
    }

    private void unlinkNow(ReplicaId id, boolean report) throws InterruptedException {
        long freed = 0;
        String failure = null;
        try {
            switch (holderOf(id).unlink(id)) {
                case UnlinkOutcome.Unlinked(var bytes, var _) -> freed = bytes;
                case UnlinkOutcome.Absent _ -> {}
                case UnlinkOutcome.Incomplete(var _, var _, var failures, var count) ->
                        failure = count + " entries stay, " + String.join("; ", failures);
            }
        } catch (IOException e) {
            failure = String.valueOf(e.getMessage());
        }
        if (failure != null) {
            LOG.warn("replica {}: not unlinked: {}", id, failure);
        }
        if (report) {
            if (failure == null) {
                results.unlinked(id, freed);
            } else {
                results.failed(id, failure);
            }
        }
    }

    /** Interrupts removals under way. The next start continues them. */
    @Override
    public void close() {
        closed.set(true);
        renamer.interrupt();
        HostLoop.joinUninterruptibly(renamer);
        for (Thread unlinker : List.copyOf(unlinkers)) {
            unlinker.interrupt();
            if (unlinker.getState() != Thread.State.NEW) {
                HostLoop.joinUninterruptibly(unlinker);
            }
        }
    }
}
