package dev.spillway.coordinator.http;

import dev.spillway.coordinator.core.Pin;
import dev.spillway.events.PinReason;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The pin of an entry.
 *
 * @param until absent for no end
 */
public record PinAnswer(PinReason reason, @Nullable Instant until, Instant pinnedAt) {
    static PinAnswer of(Pin pin) {
        return new PinAnswer(pin.reason(), pin.until(), pin.at());
    }
}
