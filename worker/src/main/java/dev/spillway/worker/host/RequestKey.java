package dev.spillway.worker.host;

import java.io.IOException;

/**
 * An idempotency key with the digest of its request, by which a repetition is recognised.
 *
 * @param digest digest of the whole request; for a streamed body, it is known at the end of the body only
 */
public record RequestKey(String key, DigestOfRequest digest) {
    /** Returns the digest of a request; reads the rest of its body first. */
    @FunctionalInterface
    public interface DigestOfRequest {
        String get() throws IOException;
    }
}
