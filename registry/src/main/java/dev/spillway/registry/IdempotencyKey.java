package dev.spillway.registry;

import dev.spillway.events.InvalidValueException;

/**
 * Identifies a repeated request.
 *
 * @param caller  party that sends the request; equal keys of two callers are different keys
 * @param key     1 to 255 visible ASCII characters
 * @param request a digest of the method, path and body; the same key with another digest is refused
 */
public record IdempotencyKey(String caller, String key, String request) {
    private static final int LENGTH_MAX = 255;

    public IdempotencyKey {
        if (key.isEmpty() || key.length() > LENGTH_MAX || !key.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            throw new InvalidValueException("Idempotency-Key", key, "1 to " + LENGTH_MAX + " visible ASCII characters");
        }
    }
}
