package dev.spillway.api.body;

import dev.spillway.events.PinReason;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Pins of entries. */
public final class Pins {
    private Pins() {}

    /**
     * Sets the pin of an entry.
     *
     * @param until end of the pin in RFC 3339, in the future; absent for no end
     */
    public record Put(@Nullable String until, PinReason reason) {}

    /**
     * The pin of an entry.
     *
     * @param until absent for no end
     */
    public record Pin(PinReason reason, @Nullable Instant until, Instant pinnedAt) {}

    /**
     * The result of lifting a pin: the entry has none.
     *
     * @param lifted whether it had one before
     */
    public record Lifted(boolean lifted) {}
}
