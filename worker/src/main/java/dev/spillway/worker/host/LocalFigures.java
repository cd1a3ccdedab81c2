package dev.spillway.worker.host;

import dev.spillway.events.protocol.HostFigures;
import dev.spillway.worker.core.HostAgent;
import dev.spillway.worker.core.model.ReplicaState;
import dev.spillway.worker.filesystem.FileSystemSpace;
import dev.spillway.worker.filesystem.store.ImageStore;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The figures of this host for heartbeats, refreshed now and then. Used by the host's thread; any thread may read the latest. */
final class LocalFigures {
    private static final Logger LOG = LoggerFactory.getLogger(LocalFigures.class);
    private static final FileSystemSpace UNKNOWN = new FileSystemSpace(0, 0, 0, 0);
    private static final Duration TAKEN_EVERY = Duration.ofSeconds(1);

    private final HostView view;
    private final ImageStore store;
    private volatile FileSystemSpace latestSpace = UNKNOWN;
    private Instant takenAt = Instant.MIN;

    LocalFigures(HostView view, ImageStore store) {
        this.view = view;
        this.store = store;
    }

    void describe(HostAgent agent, Instant now) {
        if (takenAt.plus(TAKEN_EVERY).isBefore(now)) {
            takenAt = now;
            Map<ReplicaState, Long> counts = view.counts();
            Map<ReplicaState, Long> bytes = view.bytes();
            FileSystemSpace space = space();
            agent.describe(
                    new HostFigures(
                            sum(counts, ReplicaState.LIVE, ReplicaState.HIDDEN),
                            sum(bytes, ReplicaState.LIVE, ReplicaState.HIDDEN),
                            view.holds().size(),
                            sum(counts, ReplicaState.DOOMED, ReplicaState.TRASH),
                            space.freeBytes(),
                            space.inodes() == 0 ? null : space.freeInodes()));
        }
    }

    private static long sum(Map<ReplicaState, Long> figures, ReplicaState one, ReplicaState other) {
        return figures.getOrDefault(one, 0L) + figures.getOrDefault(other, 0L);
    }

    /** Returns the free and total space of the store's file system, as of the last look; zeros if they are unknown. */
    FileSystemSpace latestSpace() {
        return latestSpace;
    }

    private FileSystemSpace space() {
        try {
            latestSpace = store.space();
        } catch (IOException e) {
            LOG.warn("free space of {} is not known: {}", store.path(), e.getMessage());
            latestSpace = UNKNOWN;
        }
        return latestSpace;
    }
}
