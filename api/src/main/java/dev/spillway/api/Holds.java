package dev.spillway.api;

import dev.spillway.events.EntryKey;
import dev.spillway.events.NamespaceName;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Holds at a worker: an image in use stays whole until its hold is released or runs out. */
public final class Holds {
    private Holds() {}

    /**
     * A new end of a hold: one of both.
     *
     * @param duration from now on, as {@code PT10M} or {@code 10m}
     */
    public record Extend(@Nullable Instant until, @Nullable String duration) {}

    /**
     * A hold and what it holds; DOOMED is deleted when its last hold ends.
     *
     * @param owner name of the token that took it; absent where none was asked for
     */
    public record Held(UUID id, Instant until, @Nullable NamespaceName namespace, @Nullable EntryKey key, @Nullable Long generation,
            @Nullable ReplicaState state, @Nullable String path, @Nullable String owner) {}
}
