package dev.spillway.coordinator.core;

import dev.spillway.events.PinReason;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A promise not to choose an entry as a victim.
 *
 * @param until time until which it holds at least; absent for no end
 * @param at    time at which it was set
 */
public record Pin(PinReason reason, @Nullable Instant until, Instant at) {}
