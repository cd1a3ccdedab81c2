package dev.spillway.worker.core;

import dev.spillway.events.ReplicaId;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import java.util.Set;

/**
 * Holds images of one kind on this host, each by the id that it came with. How an image comes in differs by kind; how it goes does not. Thread-safe.
 */
public interface Images {
    /** Returns the images that are in their places, without those in the trash. */
    Set<ReplicaId> inventory() throws IOException, InterruptedException;

    /** Returns whether the image is here, in its place or in the trash. */
    boolean has(ReplicaId id) throws IOException;

    /** Moves images out of their readers' reach. Harmless when repeated. */
    Map<ReplicaId, TrashOutcome> toTrash(Collection<ReplicaId> ids) throws IOException, InterruptedException;

    /** Deletes what the trash has of an image. Harmless when repeated. */
    UnlinkOutcome unlink(ReplicaId id) throws IOException, InterruptedException;
}
