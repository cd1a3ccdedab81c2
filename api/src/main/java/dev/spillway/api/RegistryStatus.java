package dev.spillway.api;

import dev.spillway.events.RegistryId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The registry itself.
 *
 * @param epoch         the one that every worker's message must name
 * @param generation    behind it the next ones are drawn
 * @param restoredAt    when somebody said that the database was restored; absent if nobody ever did
 * @param hostsUnheard  hosts that have not told yet what they hold since then
 * @param behind        what refused hosts have seen beyond this registry; present only while a restore waits to be said
 */
public record RegistryStatus(RegistryId id, long epoch, long generation, @Nullable Instant restoredAt, long hostsUnheard,
        @Nullable Behind behind) {
    /** How far the registry is behind what a host has seen. */
    public record Behind(long generation, long epoch) {}

    /**
     * Says that the database was restored from an older state.
     *
     * @param epoch the epoch that the registry is in now, so that saying it twice does it once
     */
    public record Restore(long epoch) {}

    /** A new epoch has begun; generations go on behind {@code generation}. */
    public record Restored(long epoch, long generation, Instant restoredAt) {}
}
