package dev.spillway.coordinator.http;

import dev.spillway.events.PinReason;
import org.jspecify.annotations.Nullable;

/**
 * How {@code PUT /v1/namespaces/{ns}/entries/{key}/pin} pins.
 *
 * @param until in RFC 3339, in the future; absent for no end
 */
public record PinBody(@Nullable String until, PinReason reason) {}
