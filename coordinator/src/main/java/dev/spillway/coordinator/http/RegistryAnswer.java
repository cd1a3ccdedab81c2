package dev.spillway.coordinator.http;

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
public record RegistryAnswer(RegistryId id, long epoch, long generation, @Nullable Instant restoredAt, long hostsUnheard,
        @Nullable Behind behind) {
    public record Behind(long generation, long epoch) {}
}
