package dev.spillway.worker.http;

import dev.spillway.events.EntryKey;
import dev.spillway.events.NamespaceName;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A hold and what it holds.
 *
 * @param state of the held replica: LIVE, HIDDEN, or DOOMED if it is deleted when its last hold ends
 */
public record HeldAnswer(UUID id, Instant until, @Nullable NamespaceName namespace, @Nullable EntryKey key, @Nullable Long generation,
        @Nullable String state, @Nullable String path) {}
