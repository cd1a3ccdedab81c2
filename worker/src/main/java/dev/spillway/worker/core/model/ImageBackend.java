package dev.spillway.worker.core.model;

import dev.spillway.events.ReplicaId;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import java.util.Set;

/**
 * Stores images of one kind on this host, each under the id that it came with.
 *
 * <p>Images of different kinds come in by different ways, so each implementation has its own methods for that. The methods here show no image that is
 * not published yet, and after the next start nothing of such an image is left. They know no readers: the host asks for a removal once nobody holds
 * the image. An implementation refuses the removal of an image that still belongs to another owner.
 *
 * <p>Thread-safe for different ids; the caller runs the operations on one id one at a time. No method undoes a removal. After a restart, images that
 * were in the trash may be back in their places. The caller has a durable record of what it deletes, and asks for the removal again.
 */
public interface ImageBackend {
    /** Returns the images that are in their places, without those in the trash: a set that the caller may change. */
    Set<ReplicaId> inventory() throws IOException, InterruptedException;

    /** Returns whether the image is here, in its place or in the trash. */
    boolean has(ReplicaId id) throws IOException;

    /**
     * Moves images into the trash, where no reader finds them. Idempotent. One failure does not stop the others.
     *
     * @return the outcome of each
     */
    Map<ReplicaId, TrashOutcome> toTrash(Collection<ReplicaId> ids) throws IOException, InterruptedException;

    /** Deletes an image from the trash, and nothing else. Idempotent. */
    UnlinkOutcome unlink(ReplicaId id) throws IOException, InterruptedException;
}
