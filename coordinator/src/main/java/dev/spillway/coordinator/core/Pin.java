package dev.spillway.coordinator.core;

import dev.spillway.events.PinReason;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A promise not to choose an entry as a victim.
 *
 * @param until how long it holds at least; absent for no end
 * @param at    when it was given
 */
public record Pin(PinReason reason, @Nullable Instant until, Instant at) {}
