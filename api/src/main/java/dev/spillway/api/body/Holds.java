package dev.spillway.api.body;

import dev.spillway.events.EntryKey;
import dev.spillway.events.NamespaceName;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Holds at a worker. An image in use stays whole until its hold is released or expires. */
public final class Holds {
    private Holds() {}

    /**
     * Sets a new end of a hold; exactly one of both is given.
     *
     * @param duration time from now, such as {@code PT10M} or {@code 10m}
     */
    public record Extend(@Nullable Instant until, @Nullable String duration) {}

    /**
     * A hold with its copy. A DOOMED copy is deleted when its last hold ends.
     *
     * @param owner name of the token that took it; absent if no token was required
     */
    public record Held(
            UUID id,
            Instant until,
            @Nullable NamespaceName namespace,
            @Nullable EntryKey key,
            @Nullable Long generation,
            @Nullable CopyState state,
            @Nullable String path,
            @Nullable String owner) {}
}
