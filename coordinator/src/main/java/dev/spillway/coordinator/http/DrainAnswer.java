package dev.spillway.coordinator.http;

import dev.spillway.events.HostId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A host drains, or does not any more.
 *
 * @param drainingSince absent if it does not
 */
public record DrainAnswer(HostId id, @Nullable Instant drainingSince) {}
