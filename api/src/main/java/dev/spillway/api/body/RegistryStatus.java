package dev.spillway.api.body;

import dev.spillway.events.RegistryId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The state of the registry itself.
 *
 * @param epoch         present epoch, which every worker's message must name
 * @param generation    highest generation drawn so far; new ones are greater
 * @param restoredAt    time at which an operator last confirmed a restore of the database; absent if there was none
 * @param hostsUnheard  number of hosts that have not reported what they hold since then
 * @param behind        how far refused hosts are ahead of this registry; present only while a restore is not yet confirmed
 */
public record RegistryStatus(
        RegistryId id,
        long epoch,
        long generation,
        @Nullable Instant restoredAt,
        long hostsUnheard,
        @Nullable Behind behind) {
    /** The highest generation and epoch that a refused host has seen. */
    public record Behind(long generation, long epoch) {}

    /**
     * Confirms that the database was restored from an older state.
     *
     * @param epoch present epoch of the registry, so that a repeated request has no further effect
     */
    public record Restore(long epoch) {}

    /** A new epoch has begun. New generations are greater than {@code generation}. */
    public record Restored(long epoch, long generation, Instant restoredAt) {}
}
