package dev.spillway.worker.core;

import dev.spillway.events.ReplicaId;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import java.util.Set;

/**
 * Holds images of one kind on this host, each by the id that it came with.
 *
 * <p>How an image comes in differs by kind, so its implementation has methods of its own for that. An image that is not published yet is in no answer
 * of these methods, and nothing of it is left after the next start. Who reads an image is not known here: a host asks for removal once nobody holds it.
 * An implementation that knows of another owner refuses.
 *
 * <p>Thread-safe for different ids; the caller makes the operations on one id one at a time. Nothing here undoes a removal. After a restart the trash
 * may be empty and its images back in their places. The caller has noted what it deletes, and asks again.
 */
public interface Images {
    /** Returns the images that are in their places, without those in the trash: a set that the caller may change. */
    Set<ReplicaId> inventory() throws IOException, InterruptedException;

    /** Returns whether the image is here, in its place or in the trash. */
    boolean has(ReplicaId id) throws IOException;

    /**
     * Moves images out of their readers' reach. Harmless when repeated. One failure does not stop the others.
     *
     * @return the outcome of each
     */
    Map<ReplicaId, TrashOutcome> toTrash(Collection<ReplicaId> ids) throws IOException, InterruptedException;

    /** Deletes what the trash has of an image, and nothing else. Harmless when repeated. */
    UnlinkOutcome unlink(ReplicaId id) throws IOException, InterruptedException;
}
