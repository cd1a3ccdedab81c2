package dev.spillway.worker.core;

import dev.spillway.events.RegistryId;
import org.jspecify.annotations.Nullable;

/**
 * A store's durable memory of its registry, so that it never obeys another registry or an older state of its own.
 *
 * @param registryId        absent until the first join
 * @param highestGeneration the highest generation that any of its replicas was registered as
 * @param suspended         nobody told the host what was evicted, because it was retired, or its store is another's or an older copy: it serves
 *                          nothing until a reconciliation is answered
 */
public record Membership(@Nullable RegistryId registryId, long epoch, long incarnation, long highestGeneration, boolean suspended) {
    public static final Membership NONE = new Membership(null, 0, 0, 0, false);

    Membership joined(RegistryId registry, long inEpoch, long as, boolean reconcileFirst) {
        return new Membership(registry, inEpoch, as, highestGeneration, suspended || reconcileFirst);
    }

    Membership seen(long generation) {
        return generation <= highestGeneration ? this : new Membership(registryId, epoch, incarnation, generation, suspended);
    }

    Membership suspended(boolean servesNothing) {
        return new Membership(registryId, epoch, incarnation, highestGeneration, servesNothing);
    }
}
