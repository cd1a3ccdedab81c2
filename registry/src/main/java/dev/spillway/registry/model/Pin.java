package dev.spillway.registry.model;

import dev.spillway.events.PinReason;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A promise not to choose an entry as a victim.
 *
 * @param until time before which the pin is not lifted by the sweep; absent for no end
 * @param at    time at which it was set
 */
public record Pin(PinReason reason, @Nullable Instant until, Instant at) {
    /** Returns the pin that ends later; null if neither is given. */
    public static @Nullable Pin longer(@Nullable Pin one, @Nullable Pin other) {
        if (one == null || other == null) {
            return one == null ? other : one;
        }
        boolean first = one.until == null || (other.until != null && !one.until.isBefore(other.until));
        return first ? one : other;
    }
}
