package dev.spillway.worker.core.model;

import dev.spillway.events.RegistryId;
import org.jspecify.annotations.Nullable;

/**
 * A store's durable record of its registry. By it the host recognises another registry, and a registry that was set back to an older state.
 *
 * @param registryId        absent until the first join
 * @param highestGeneration the highest generation that any of its replicas was registered as
 * @param suspended         whether the host serves nothing until a reconciliation is answered. It may have missed evictions, because it was retired,
 *                          or because its store belongs to another host or is an older copy
 */
public record Membership(@Nullable RegistryId registryId, long epoch, long incarnation, long highestGeneration, boolean suspended) {
    public static final Membership NONE = new Membership(null, 0, 0, 0, false);

    public Membership joined(RegistryId registry, long inEpoch, long as, boolean reconcileFirst) {
        return new Membership(registry, inEpoch, as, highestGeneration, suspended || reconcileFirst);
    }

    public Membership seen(long generation) {
        return generation <= highestGeneration ? this : new Membership(registryId, epoch, incarnation, generation, suspended);
    }

    public Membership suspended(boolean servesNothing) {
        return new Membership(registryId, epoch, incarnation, highestGeneration, servesNothing);
    }
}
