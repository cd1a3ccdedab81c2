package dev.spillway.registry.model;

import dev.spillway.events.RegistryId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The registry itself.
 *
 * @param highestGeneration the highest that was ever drawn, or that is taken for it since a restore
 * @param restoredAt        time at which a restore was last declared; absent if none was
 * @param behind            numbers beyond this registry that a host has seen, so the database was restored and nobody said so; absent if there are none
 */
public record RegistryRow(RegistryId id, long epoch, long highestGeneration, @Nullable Instant restoredAt, @Nullable Behind behind) {
    /** The highest generation and the latest epoch seen by refused hosts. */
    public record Behind(long generation, long epoch) {}
}
